import { beforeEach, expect, test } from '@jest/globals';
import { MemoryCountStore } from '../../test/doubles/count-store.ts';
import { tap, tapBatch } from '../../test/support/taps.ts';
import type { LoggedReaction } from '../domain/counting.ts';
import { applyTaps } from './apply-taps.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000 };
const buckets = [0, 1, 2, 3];
let store: MemoryCountStore;
beforeEach(() => {
  store = new MemoryCountStore(settings);
});
const apply = (taps: readonly LoggedReaction[], timestamp = 0, of: readonly number[] = buckets) =>
  applyTaps(store, tapBatch(taps, timestamp), { buckets: of, settings, now: 100 });
const taps = (from: number, to: number, options: Parameters<typeof tap>[1] = {}) =>
  Array.from({ length: to - from }, (_, n) => tap(from + n, options));
const fire = async () => (await store.snapshot('global')).totals.get('🔥');

test('when each bucket has counted a different part of a batch, each counts the rest once', async () => {
  await apply(taps(0, 10), 0, [0, 1]);
  await apply(taps(0, 4), 0, [2, 3]);
  const rooms = Array.from({ length: 20 }, (_, n) => `room-${n}`);
  const batch = rooms.map((room, n) => tap(n, { room }));
  const { refused } = await apply(batch);
  expect(refused).toEqual([]);
  expect(new Set((await store.progress(['emoji_topic-0'])).map((each) => each.get('emoji_topic-0')?.offset))).toEqual(
    new Set([19]),
  );
});

test('the result has the rooms of the batch with their counts, from the buckets that have counted all of it', async () => {
  const { rooms } = await apply([...taps(0, 3), ...taps(0, 2, { partition: 1, emoji: '❤️' })]);
  expect(rooms.map(({ room, totals }) => [room, totals])).toEqual([
    [
      'global',
      new Map([
        ['🔥', 3],
        ['❤️', 2],
      ]),
    ],
  ]);
});

test('a partly counted partition delays neither its own rest nor other partitions', async () => {
  await apply(taps(0, 5));
  const { rooms } = await apply([...taps(0, 8), ...taps(0, 2, { partition: 1 })]);
  expect(await fire()).toBe(10);
  expect(Math.max(...rooms.map(({ totals }) => totals.get('🔥') ?? 0))).toBe(10);
});

test('a batch that does not continue at a bucket’s progress is refused by that bucket', async () => {
  await apply(taps(0, 5), 0, [0, 1]);
  const { refused } = await apply(taps(5, 6));
  expect(refused.map(({ bucket, state }) => [bucket, state])).toEqual([
    [2, 'behind'],
    [3, 'behind'],
  ]);
});

test('newer records at offsets that were counted show that the topic was created again', async () => {
  await apply(taps(0, 5), 1000);
  for (const batch of [taps(0, 3), taps(0, 9), taps(2, 9)]) {
    const { refused } = await apply(batch, 2000, [0]);
    expect(refused).toMatchObject([{ bucket: 0, state: 'topic_recreated' }]);
    await store.discard(0);
    await apply(taps(0, 5), 1000, [0]);
  }
});
