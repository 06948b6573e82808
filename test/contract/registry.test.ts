import { afterAll, beforeAll, describe } from '@jest/globals';
import { MemoryRegistry } from '../doubles/registry.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { emptyRedis } from '../support/services.ts';
import { LAYOUT, registryContract } from './registry.contract.ts';

describe('memory', () => registryContract((limits) => new MemoryRegistry({ ...LAYOUT, ...limits })));

describe('Redis', () => {
  let redis: RedisClient;
  beforeAll(async () => {
    redis = await emptyRedis(2);
  });
  afterAll(() => redis.quit());

  registryContract(async (limits) => {
    await redis.flushdb();
    return new RedisRegistry(redis, { ...LAYOUT, ...limits });
  });
});
