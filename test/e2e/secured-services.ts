import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka, USER } from '../../packages/serverless-offline-kafka-events/test/own-kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { findRedis } from '../../infra/local/redis.ts';
import { until } from '../support/until.ts';

const REDIS_USER = 'platform';
/** Contains characters that must be encoded in a URL. */
const REDIS_PASSWORD = 'cache/secret@1';

/** A broker and a Redis with TLS, certificates of a test authority, and passwords. */
export interface SecuredServices {
  /** The environment of the platform and its scripts. @param passwords other, wrong passwords */
  env(passwords?: { kafka?: string; redis?: string }): Record<string, string>;
  /** Plain and percent-encoded. */
  passwords: string[];
  /** The output of both. */
  log(): string;
  stop(): Promise<void>;
}

/** The commands that the platform needs, without administration. */
const REDIS_RIGHTS = '~* &* +@all -@admin -@dangerous +info';

/** @param lib the folder with Kafka's jars and Redis's binaries */
export const startSecuredServices = async (lib: string): Promise<SecuredServices> => {
  const kafka = await startKafka(lib);
  const port = await anyFreePort();
  const config = {
    port: '0',
    'tls-port': String(port),
    bind: '127.0.0.1',
    dir: kafka.dir,
    'tls-cert-file': join(kafka.dir, 'server.crt'),
    'tls-key-file': join(kafka.dir, 'server.key'),
    'tls-ca-cert-file': join(kafka.dir, 'ca.crt'),
    'tls-auth-clients': 'no',
    save: '""',
  };
  const file = join(kafka.dir, 'redis.conf');
  const lines = Object.entries(config).map(([key, value]) => `${key} ${value}`);
  const users = ['user default off', `user ${REDIS_USER} on >${REDIS_PASSWORD} ${REDIS_RIGHTS}`];
  writeFileSync(file, [...lines, ...users].join('\n'));
  const redis = spawn((await findRedis(lib)).program, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let redisLog = '';
  for (const stream of [redis.stdout, redis.stderr]) stream.on('data', (data) => (redisLog += String(data)));
  const ended = once(redis, 'exit');
  await until(`Redis listens: ${redisLog}`, () => redisLog.includes('Ready to accept connections'));
  return {
    env: ({ kafka: kafkaPassword = USER.password, redis: redisPassword = REDIS_PASSWORD } = {}) => ({
      KAFKA_BROKERS: kafka.saslSsl,
      KAFKA_AUTH: 'scram',
      KAFKA_USERNAME: USER.username,
      KAFKA_PASSWORD: kafkaPassword,
      REDIS_URL: `rediss://${REDIS_USER}:${encodeURIComponent(redisPassword)}@localhost:${port}`,
      NODE_EXTRA_CA_CERTS: join(kafka.dir, 'ca.crt'),
    }),
    passwords: [USER.password, REDIS_PASSWORD, encodeURIComponent(REDIS_PASSWORD)],
    log: () => redisLog + readFileSync(join(kafka.dir, 'kafka.log'), 'utf8'),
    stop: async () => {
      redis.kill('SIGKILL');
      await ended;
      await kafka.stop();
    },
  };
};
