import { join } from 'node:path';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { isAlive, type Platform } from '../e2e/platform.ts';
import { quiet } from '../support/services.ts';
import { until } from '../support/until.ts';
import { countStore, type FaultPlatform } from './platform.ts';

/**
 * A whole `npm start` for faults that need no link between the functions and the services: what a fault kills, the
 * supervisor of `npm start` starts again.
 */
export function supervisedPlatform(platform: Platform, dataDir: string): FaultPlatform {
  const { KAFKA_BROKERS = '', REDIS_URL = '' } = localEndpoints(dataDir) ?? {};
  const redisClient = createRedis(REDIS_URL, quiet);
  const config = loadConfig({});
  return {
    url: platform.url,
    lambdaPort: platform.lambdaPort,
    windowMs: config.WINDOW_SECONDS * 1000,
    get broker(): never {
      throw new Error('a fault of the broker needs startFaultPlatform');
    },
    get links(): never {
      throw new Error('a fault of the network needs startFaultPlatform');
    },
    redis: killable('redis', platform, async () => (await redisClient.ping()) === 'PONG'),
    functionsPid: () => platform.pid('functions'),
    kafkaBrokers: KAFKA_BROKERS,
    redisClient,
    windows: countStore(redisClient, config),
    appendOnlyFile: join(dataDir, 'redis', 'appendonly.aof'),
    disk: undefined,
    output: platform.output,
    stop: async () => redisClient.disconnect(),
  };
}

const killable = (name: 'redis', platform: Platform, answers: () => Promise<boolean>): FaultPlatform['redis'] => {
  let killed: number;
  return {
    async kill(signal) {
      killed = await platform.pid(name);
      process.kill(killed, signal);
      await until(`${name} is gone`, () => !isAlive(killed));
    },
    async start() {
      const restarted = async () => (await platform.pid(name)) !== killed && answers().catch(() => false);
      await until(`${name} is started again`, restarted);
    },
  };
};
