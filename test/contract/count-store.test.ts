import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { groupByBucket } from '../../lib/domain/counting.ts';
import { MemoryCountStore } from '../doubles/count-store.ts';
import { emptyRedis } from '../support/services.ts';
import { tap } from '../support/taps.ts';
import { countStoreContract, SETTINGS, spansOfTaps } from './count-store.contract.ts';

describe('in memory', () => countStoreContract(() => new MemoryCountStore(SETTINGS)));

describe('in Redis', () => {
  let redis: RedisClient;
  beforeAll(async () => {
    redis = await emptyRedis('count-store');
  });
  afterAll(() => redis.quit());
  const create = async () => {
    await redis.flushdb();
    return new RedisCountStore(redis, { ...SETTINGS, roomRetentionMs: 172_800_000 });
  };
  countStoreContract(create);

  const T = 1_760_000_000_000;
  const batchOf = (...taps: ReturnType<typeof tap>[]) =>
    groupByBucket(taps, spansOfTaps(taps), [0, 1, 2, 3], { ...SETTINGS, total: 4 });
  const identified = (offset: number) => tap(offset, { at: T, id: `${offset}`, appended: T });

  test.each([
    ['a window is missing', async (keys: string[]) => redis.del(keys.filter((key) => key.includes(':window:')))],
    ['ids are missing', async (keys: string[]) => redis.del(keys.filter((key) => key.includes(':ids:')))],
    [
      'a window is of another type',
      async (keys: string[]) => redis.set(keys.find((key) => key.includes(':window:')) ?? '', 'x'),
    ],
    [
      'the open windows are of another type',
      async (keys: string[]) => redis.set((keys[0] ?? '').replace(/}.*/, '}:open'), 'x'),
    ],
    [
      'a room is not JSON',
      async (keys: string[]) => redis.hset(keys.find((key) => key.endsWith(':state')) ?? '', 'global', '{'),
    ],
    [
      'a room is other JSON',
      async (keys: string[]) => redis.hset(keys.find((key) => key.endsWith(':state')) ?? '', 'global', '[1]'),
    ],
    [
      'the progress is invalid',
      async (keys: string[]) => redis.hset(keys.find((key) => key.endsWith(':state')) ?? '', ' p emoji_topic-0', 'x'),
    ],
  ])('%s: the bucket is damaged, and nothing is counted', async (_what, damage) => {
    const store = await create();
    await store.apply(batchOf(identified(0)), T);
    const [window = ''] = await redis.keys('*:window:*');
    const tag = window.slice(0, window.indexOf('}'));
    await damage((await redis.keys('*')).filter((key) => key.startsWith(tag)).sort());
    const before = await redis.keys('*');
    const outcomes = await store.apply(batchOf(identified(1)), T);
    expect(outcomes.map(({ state }) => state).sort()).toEqual(['counted', 'counted', 'counted', 'damaged']);
    expect(await redis.keys('*')).toEqual(expect.arrayContaining(before));
    const { bucket = 0 } = outcomes.find(({ state }) => state === 'damaged') ?? {};
    await store.discard(bucket);
    const again = await store.apply(batchOf(identified(0), identified(1)), T);
    expect(again.map(({ state }) => state)).toEqual(['counted', 'counted', 'counted', 'counted']);
    expect((await store.snapshot('global')).totals.get('🔥')).toBe(2);
  });

  test('inactive rooms are removed after their retention, and nothing else of the bucket', async () => {
    const store = await create();
    await store.apply(batchOf(tap(0, { at: T, room: 'inactive' }), tap(1, { at: T, room: 'active' })), T);
    const later = T + 172_800_000 + 2000;
    await store.apply(batchOf(tap(2, { at: later, room: 'active' })), later);
    for (let minute = 0; minute < 60; minute++) await store.trim(later + minute * 60_000);
    expect((await store.snapshot('inactive')).totals.size).toBe(0);
    expect((await store.snapshot('active')).totals.get('🔥')).toBe(2);
    expect((await store.progress(['emoji_topic-0'])).every((each) => each.get('emoji_topic-0')?.offset === 2)).toBe(
      true,
    );
  });
});
