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

/** Users of the databases 1 to 15 of the tests' Redis: each has its own, so that test files can run at the same time. */
const DATABASES = [
  ...(['count-store', 'registry', 'platform', 'pacer', 'limits', 'crowds', 'damage', 'scripts-operate'] as const),
  ...(['crash-points', 'rebuild', 'create-time', 'tokens'] as const),
];
type Database = (typeof DATABASES)[number];

/** The address of a test's database. */
export const databaseUrl = (name: Database): URL => {
  const url = new URL(named('REDIS_URL'));
  url.pathname = `/${DATABASES.indexOf(name) + 1}`;
  return url;
};

/** Connects to a test's database and empties it. */
export const emptyRedis = async (name: Database): Promise<RedisClient> => {
  const redis = createRedis(databaseUrl(name).href, quiet);
  await redis.flushdb();
  return redis;
};
