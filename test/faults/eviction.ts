import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { between, oneOf } from '../support/random.ts';
import { until } from '../support/until.ts';
import { registerAgain, type Fault } from './fault.ts';
import { partOf } from './platform.ts';

const POLICIES = ['volatile-lru', 'allkeys-lru', 'allkeys-random'] as const;

const usedMemory = async (redis: Redis) => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
const evictedKeys = async (redis: Redis) => Number(/^evicted_keys:(\d+)/m.exec(await redis.info('stats'))?.[1]);

/** What Redis must keep of its memory (bytes): less than it uses, so that it evicts keys at once. */
const limitOf = async (redis: Redis, evicts: number) => Math.floor((await usedMemory(redis)) - evicts);

/** Redis gets another policy while it runs, and evicts keys. */
export const eviction: Fault = {
  name: 'Redis evicts keys (maxmemory-policy changed)',
  on: 'single',
  share: 6,
  async run(context) {
    const { platform, random, heals } = context;
    const { redis } = partOf(platform, 'pair').primary;
    const evictedBefore = await evictedKeys(redis);
    const policy = oneOf(random, POLICIES);
    await redis.config('SET', 'maxmemory-policy', policy);
    try {
      await redis.config('SET', 'maxmemory', await limitOf(redis, between(random, 50_000, 400_000)));
      await until('GET /health is 503', async () => (await fetch(`${platform.url}/health`)).status === 503, 10_000);
      await sleep(between(random, 0, 3000));
    } finally {
      heals();
      await redis.config('SET', 'maxmemory', '0');
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
    }
    // Few of the keys expire, so with volatile-lru there may be nothing to evict.
    if (policy !== 'volatile-lru' && (await evictedKeys(redis)) === evictedBefore)
      throw new Error(`Redis has evicted nothing with ${policy}`);
    await registerAgain(context);
  },
};
