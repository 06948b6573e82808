import { join } from 'node:path';
import { Redis } from 'ioredis';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { isAlive, type Platform } from '../e2e/platform.ts';
import { until } from '../support/until.ts';
import type { FaultPlatform } from './platform.ts';

/**
 * A complete `npm start`, for faults that need no proxies. The supervisor of `npm start` restarts the processes that a
 * fault kills.
 */
export function supervisedPlatform(platform: Platform, dataDir: string): FaultPlatform {
  const { KAFKA_BROKERS = '', REDIS_URL = '' } = localEndpoints(dataDir) ?? {};
  const redis = new Redis(REDIS_URL, { retryStrategy: () => 100, maxRetriesPerRequest: 100 });
  redis.on('error', () => undefined); // expected: Redis is killed
  return {
    url: platform.url,
    lambdaPort: platform.lambdaPort,
    redisServer: killable('redis', platform, async () => (await redis.ping()) === 'PONG'),
    functionsPid: () => platform.pid('functions'),
    kafkaBrokers: KAFKA_BROKERS,
    redis,
    appendOnlyFile: join(dataDir, 'redis', 'appendonly.aof'),
    output: platform.output,
    stop: async () => redis.disconnect(),
  };
}

const killable = (
  name: 'redis',
  platform: Platform,
  answers: () => Promise<boolean>,
): NonNullable<FaultPlatform['redisServer']> => {
  let killed: number;
  return {
    async kill(signal) {
      killed = await platform.pid(name);
      process.kill(killed, signal);
      await until(`${name} has exited`, () => !isAlive(killed));
    },
    async start() {
      const restarted = async () => (await platform.pid(name)) !== killed && answers().catch(() => false);
      await until(`${name} has been restarted`, restarted);
    },
  };
};
