import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryWindowStore } from '../../lib/adapters/memory/window-store.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisWindowStore } from '../../lib/adapters/redis/window-store.ts';
import { countByRoom } from '../../lib/domain/counting.ts';
import { emptyRedis } from '../support/services.ts';
import { tap } from '../support/taps.ts';
import { SETTINGS, windowStoreContract } from './window-store.contract.ts';

describe('memory', () => windowStoreContract(() => new MemoryWindowStore(SETTINGS)));

describe('Redis', () => {
  let redis: RedisClient;
  beforeAll(async () => {
    redis = await emptyRedis(1);
  });
  afterAll(() => redis.quit());

  const create = () => new RedisWindowStore(redis, { ...SETTINGS, windowTtl: 1000, roomTtl: 2000 });
  const now = Date.now();
  const applied = () => create().apply([...countByRoom([tap(0, { at: now })], SETTINGS).values()], now);

  windowStoreContract(async () => {
    await redis.flushdb();
    return create();
  });

  test('two appliers of the same batch at the same time count it once', async () => {
    await redis.flushdb();
    await Promise.all(Array.from({ length: 20 }, applied));
    expect((await create().snapshot('global', 1)).totals.get('🔥')).toBe(1);
  });

  test('the keys of a room share one hash tag and all of them expire', async () => {
    await redis.flushdb();
    await applied();
    const keys = (await redis.keys('*')).filter((key) => key !== 'rooms_to_look_at');
    expect(keys.length).toBeGreaterThanOrEqual(5);
    for (const key of keys) {
      expect(key).toMatch(/^room:\{global\}:/);
      expect(await redis.ttl(key)).toBeGreaterThan(0);
    }
  });
});
