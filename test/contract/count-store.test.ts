import { encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { removeFormerCounts } from '../../lib/adapters/redis/former-counts.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { groupByBucket } from '../../lib/domain/counting.ts';
import { MemoryCountStore } from '../doubles/count-store.ts';
import { recordedLogger } from '../support/doubles.ts';
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
      'a room is not MessagePack',
      async (keys: string[]) =>
        redis.hset(keys.find((key) => key.endsWith(':state')) ?? '', 'global', Buffer.from([0xdc])),
    ],
    [
      'a room is a MessagePack value of another kind',
      async (keys: string[]) =>
        redis.hset(keys.find((key) => key.endsWith(':state')) ?? '', 'global', Buffer.from(encode([1, 2]))),
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

  test.each([
    ['MessagePack of another kind', [1, 2]],
    ['an emoji without taps', [0, 1, 0, '🔥']],
    ['taps of no emoji', [0, 1, 0, 5, 5]],
  ])('a room that is %s is not shown', async (_what, value) => {
    const store = await create();
    await store.apply(batchOf(tap(0, { at: T })), T);
    const [window = ''] = await redis.keys('*:window:*');
    await redis.hset(window.replace(/:window:.*/, ':state'), 'global', Buffer.from(encode(value)));
    expect(await store.snapshot('global')).toEqual({ windows: [], totals: new Map(), late: 0 });
  });

  test.each([
    ['before buckets', { 'counts:progress': 'x', 'counts:a': 'x' }, 'format of an older version'],
    ['of JSON values', { 'emoji:layout': '4', 'emoji:{c4.0}:state': 'x' }, 'format of an older version'],
    ['of another number of buckets', { 'emoji:layout': 'm3', 'emoji:{m3.2}:state': 'x' }, 'number of buckets'],
  ])('counts in the format %s are removed, with one line that says so', async (_what, former, message) => {
    const store = await create();
    await store.apply(batchOf(tap(0, { at: T })), T);
    const kept = await redis.keys('*');
    await redis.mset(former);
    const log = recordedLogger();
    await removeFormerCounts(redis, 4, log);
    expect((await redis.keys('*')).sort()).toEqual([...kept, 'emoji:layout'].sort());
    expect(log.lines).toEqual([
      ['warn', expect.stringContaining(message), ...log.lines.flatMap((line) => line.slice(2))],
    ]);
    await removeFormerCounts(redis, 4, log);
    expect(log.lines).toHaveLength(1);
  });
});
