import { createRedis, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { BUCKETS } from '../../lib/config/topics.ts';
import { createLogger } from '../../lib/log.ts';

const named = (variable: 'KAFKA_BROKERS' | 'REDIS_URL'): string => {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: run these tests with \`npm test\`, or set it`);
  return value;
};

export const kafkaBrokers = (): string => named('KAFKA_BROKERS');

/** Options of a count store, except for the window and the watermark. */
export const STORE = {
  ...{ buckets: BUCKETS, idTtlMs: 600_000, idLimit: 1000, maxEmojis: 64 },
  ...{ windowRetentionMs: 86_400_000, roomRetentionMs: 172_800_000 },
};

export const quiet = createLogger('silent');

/**
 * Connects to one of Redis's sixteen databases and empties it. Each test file uses its own database, so that files can
 * run at the same time. Databases 1 to 15 are for tests.
 */
export const emptyRedis = async (database: number): Promise<RedisClient> => {
  const url = new URL(named('REDIS_URL'));
  url.pathname = `/${database}`;
  const redis = createRedis(url.href, quiet);
  await redis.flushdb();
  return redis;
};
