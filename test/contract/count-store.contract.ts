import { beforeEach, describe, expect, test } from '@jest/globals';
import { groupByBucket, type LoggedReaction } from '../../lib/domain/counting.ts';
import type { Span } from '../../lib/domain/stream.ts';
import type { BucketOutcome, CountStore } from '../../lib/ports.ts';
import { tap } from '../support/taps.ts';

export const SETTINGS = {
  ...{ windowMs: 2000, watermarkMs: 10_000, buckets: 4 },
  ...{ idTtlMs: 600_000, idLimit: 100, maxEmojis: 5, windowRetentionMs: 86_400_000 },
};

/** The start of a window. */
const T = 1_760_000_000_000;
const MINUTE = 60_000;

/** The offset ranges of the taps, by topic-partition. */
export const spansOfTaps = (taps: readonly LoggedReaction[]): Map<string, Span> => {
  const spans = new Map<string, Span>();
  for (const { topicPartition, offset, appended } of taps) {
    const span = spans.get(topicPartition) ?? { first: offset, last: offset, newest: T, appended: 0 };
    spans.set(topicPartition, { ...span, last: offset, appended: Math.max(span.appended, appended) });
  }
  return spans;
};

/** The tests that every CountStore must pass. @param create returns an empty store */
export const countStoreContract = (create: () => CountStore | Promise<CountStore>): void => {
  let store: CountStore;
  beforeEach(async () => {
    store = await create();
  });

  const all = [0, 1, 2, 3];
  const apply = async (
    taps: readonly LoggedReaction[],
    { now = T + 100, spans = spansOfTaps(taps), recount = false } = {},
  ) => store.apply(groupByBucket(taps, spans, all, { ...SETTINGS, total: 4 }), now, recount);
  const roomsOf = (outcomes: readonly BucketOutcome[]) =>
    outcomes.flatMap((outcome) => (outcome.state === 'counted' ? outcome.rooms : []));
  const states = (outcomes: readonly BucketOutcome[]) => [...new Set(outcomes.map(({ state }) => state))];
  const at = (offset: number, options: Parameters<typeof tap>[1] = {}) => tap(offset, { at: T, ...options });
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => at(from + n));
  const fire = async (room = 'global') => (await store.snapshot(room)).totals.get('🔥');

  describe('apply', () => {
    test('returns the cumulative counts of the windows that the batch touches, and the totals', async () => {
      await apply([at(0), at(1, { emoji: '❤️' })]);
      expect(roomsOf(await apply([at(2), at(3, { at: T + 2000 })]))).toEqual([
        {
          room: 'global',
          late: 0,
          windows: [
            {
              start: T,
              final: false,
              counts: new Map([
                ['🔥', 2],
                ['❤️', 1],
              ]),
            },
            { start: T + 2000, final: false, counts: new Map([['🔥', 1]]) },
          ],
          totals: new Map([
            ['🔥', 3],
            ['❤️', 1],
          ]),
        },
      ]);
    });

    test('a batch that was counted before changes nothing and returns the same counts', async () => {
      const first = roomsOf(await apply(range(0, 3)));
      expect(roomsOf(await apply(range(0, 3)))).toEqual(first);
      expect(await fire()).toBe(3);
    });

    test('a partition that was partly counted before is not counted, and its progress is returned', async () => {
      await apply(range(0, 100));
      const outcomes = await apply([...range(0, 200), at(0, { partition: 1 })]);
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({
          state: 'counted',
          partial: new Map([['emoji_topic-0', { offset: 99, newest: T }]]),
        });
      expect(await fire()).toBe(101); // the other partition is counted
    });

    test('a batch that does not continue at the progress counts nothing, in any partition', async () => {
      await apply([...range(0, 3), at(0, { partition: 1 })]);
      const outcomes = await apply([at(4), at(1, { partition: 1 })]);
      expect(states(outcomes)).toEqual(['behind']);
      expect(outcomes[0]).toMatchObject({
        progress: new Map([
          ['emoji_topic-0', { offset: 2, newest: T }],
          ['emoji_topic-1', { offset: 0, newest: T }],
        ]),
      });
      expect(await fire()).toBe(4);
    });

    test('the progress of every bucket includes every offset, even without a tap for its rooms', async () => {
      await apply(range(0, 3));
      for (const progress of await store.progress(['emoji_topic-0', 'emoji_topic-1']))
        expect(progress).toEqual(
          new Map([
            ['emoji_topic-0', { offset: 2, newest: T }],
            ['emoji_topic-1', { offset: -1, newest: -1 }],
          ]),
        );
    });

    test('the progress includes an offset range without records', async () => {
      const spans = new Map([['emoji_topic-0', { first: 0, last: 9, newest: -1, appended: 0 }]]);
      expect(states(await apply([], { spans }))).toEqual(['counted']);
      expect(states(await apply([at(10)]))).toEqual(['counted']);
    });

    test('newer records at offsets that were counted show that the topic was recreated', async () => {
      await apply(range(0, 3));
      const spans = new Map([['emoji_topic-0', { first: 0, last: 1, newest: T + 1, appended: 0 }]]);
      expect(states(await apply(range(0, 2), { spans }))).toEqual(['topic_recreated']);
    });

    test('offsets are compared as numbers', async () => {
      await apply(range(0, 10));
      await apply([at(10)]);
      await apply([at(9)]);
      expect(await fire()).toBe(11);
    });

    test('a batch may have a thousand rooms', async () => {
      const taps = Array.from({ length: 1000 }, (_, n) => at(n, { room: `room-${n}` }));
      const rooms = roomsOf(await apply(taps));
      expect(new Set(rooms.map(({ room }) => room)).size).toBe(1000);
      expect(rooms.every(({ windows }) => windows[0]?.counts.get('🔥') === 1)).toBe(true);
    });

    test('late taps are counted as late and in no window', async () => {
      await apply([at(0, { receivedAt: T + 10_001, count: 4 })]);
      expect(await store.snapshot('global')).toEqual({ windows: [], totals: new Map(), late: 4 });
    });

    test('emojis beyond the limit are counted as `:other:`, in windows and totals alike', async () => {
      const kinds = ['🔥', '❤️', '👏', '😀', '🎉', '🥳', '🤩'];
      await apply(kinds.map((emoji, n) => at(n, { emoji })));
      await apply([at(7, { emoji: '🥳', count: 3 }), at(8, { emoji: '🔥' })]);
      const { windows, totals } = await store.snapshot('global');
      expect(totals.get(':other:')).toBe(5);
      expect([...totals.keys()].sort()).toEqual([...kinds.slice(0, 5), ':other:'].sort());
      expect(windows[0]?.counts).toEqual(totals);
    });
  });

  describe('taps with an event_id', () => {
    const identified = (offset: number, id: string, minutes = 0, rest: Parameters<typeof tap>[1] = {}) =>
      at(offset, { id, appended: T + minutes * MINUTE, ...rest });

    test('each id of a user counts once, within a batch and across batches', async () => {
      await apply([identified(0, 'a'), identified(1, 'a'), identified(2, 'b'), identified(3, 'a', 0, { user: 'v' })]);
      await apply([identified(4, 'a'), identified(5, 'c')]);
      expect(await fire()).toBe(4);
    });

    test('the first copy determines the window, the emoji and whether the tap is late', async () => {
      await apply([identified(0, 'a', 0, { at: T + 2000 }), identified(1, 'a')]);
      await apply([identified(2, 'b', 0, { receivedAt: T + 10_001 }), identified(3, 'b')]);
      expect(await store.snapshot('global')).toMatchObject({ windows: [{ start: T + 2000 }], late: 1 });
      expect(await fire()).toBe(1);
    });

    test('an id is remembered for the configured append time, and forgotten after twice that', async () => {
      await apply([identified(0, 'a')]);
      await apply([identified(1, 'a', 10)]);
      await apply([identified(2, 'b', 19.9)]);
      await apply([identified(3, 'b', 29.9)]);
      expect(await fire()).toBe(2);
      await apply([identified(4, 'b', 60)]);
      expect(await fire()).toBe(3);
    });

    test('a record time that the producer has set does not expire ids', async () => {
      await apply([identified(0, 'a')]);
      await apply([at(1, { id: 'x', receivedAt: T + 9 * MINUTE, at: T + 9 * MINUTE })]);
      await apply([{ ...identified(2, 'a'), appended: 0 }]);
      expect(await fire()).toBe(2);
    });

    test('ids also expire by records without a tap for the bucket', async () => {
      await apply([identified(0, 'a')]);
      await apply([at(1, { appended: T + 21 * MINUTE })]);
      await apply([identified(2, 'a', 21)]);
      expect(await fire()).toBe(3);
    });

    test('at least the configured number of ids is remembered, and at most twice as many', async () => {
      const ids = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, n) => identified(from + n, `${from + n}`));
      await apply(ids(0, 150));
      await apply([identified(150, '60'), identified(151, '149')]);
      expect(await fire()).toBe(150);
      await apply(ids(152, 352));
      await apply([identified(352, '0')]);
      expect(await fire()).toBe(351);
    });

    test('which taps count depends on the order of the topic, not on the boundaries of batches', async () => {
      const taps = Array.from({ length: 600 }, (_, n) =>
        identified(n, `${(n * 7919) % 211}`, n / 17, { room: `r${n % 3}`, emoji: n % 2 ? '🔥' : '❤️' }),
      );
      await apply(taps);
      const rooms = ['r0', 'r1', 'r2'];
      const whole = await Promise.all(rooms.map((room) => store.snapshot(room)));
      store = await create();
      for (let from = 0, size = 1; from < 600; from += size, size = (size * 5 + 3) % 40 || 1)
        await apply(taps.slice(from, from + size));
      const parts = await Promise.all(rooms.map((room) => store.snapshot(room)));
      expect(parts.map(({ totals }) => [...totals].sort())).toEqual(whole.map(({ totals }) => [...totals].sort()));
    });
  });

  describe('windows that are over', () => {
    const OVER = T + 12_000;
    const starts = async (now: number) => (await store.overdue(now)).map(({ start }) => start);

    test('are reported once the watermark has passed, with totals, until they are marked as final', async () => {
      await apply([at(0), at(1, { room: 'other' }), at(2, { at: T + 2000 })]);
      expect(await starts(OVER - 1)).toEqual([]);
      const due = await store.overdue(OVER);
      expect(due.flatMap(({ rooms }) => rooms).find(({ room }) => room === 'global')).toEqual({
        room: 'global',
        late: 0,
        windows: [{ start: T, final: true, counts: new Map([['🔥', 1]]) }],
        totals: new Map([['🔥', 2]]),
      });
      expect(await store.overdue(OVER)).toEqual(due);
      await store.markFinal(due, OVER);
      expect(await starts(OVER)).toEqual([]);
      expect(await starts(OVER + 2000)).toEqual([T + 2000]);
    });

    test('are final in the snapshot after they were marked as final', async () => {
      await apply([at(0)]);
      expect((await store.snapshot('global')).windows[0]?.final).toBe(false);
      await store.markFinal(await store.overdue(OVER), OVER);
      expect((await store.snapshot('global')).windows[0]?.final).toBe(true);
    });

    test('are reported again when a tap is counted in them after the report', async () => {
      await apply([at(0)]);
      const due = await store.overdue(OVER);
      await apply([at(1)], { now: OVER + 1 });
      await store.markFinal(due, OVER);
      expect(await starts(OVER + 2000)).toEqual([]);
      expect(await starts(OVER + 2001)).toEqual([T]);
    });

    test('are reported soon although they were counted by a clock that was half an hour ahead', async () => {
      await apply([at(0)], { now: T + 1_800_000 });
      expect(await starts(T + 3000)).toEqual([]);
      expect(await starts(T + 5000)).toEqual([T]);
    });

    test('are not reported by a recount if they were over long ago', async () => {
      await apply([at(0)], { now: T + 3_600_000, recount: true });
      expect(await starts(T + 7_200_000)).toEqual([]);
      expect(await fire()).toBe(1);
    });
  });

  test('the snapshot has the ten newest windows of the room, the newest first', async () => {
    const order = [3, 11, 0, 7, 1, 10, 2, 9, 4, 8, 5, 6];
    await apply(order.map((n, offset) => at(offset, { at: T + n * 2000 })));
    await apply(range(12, 40).map((each) => ({ ...each, reaction: { ...each.reaction, room_id: 'other' } })));
    const { windows } = await store.snapshot('global');
    expect(windows.map(({ start }) => (start - T) / 2000)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  test('windows beyond the retention are removed, and later taps in them count only in the totals', async () => {
    await apply([at(0), at(1, { at: T + 86_400_000 })]);
    await store.trim(T + 86_400_000);
    await apply([at(2), at(3, { at: T + 86_400_000 })]);
    const { windows, totals } = await store.snapshot('global');
    expect(windows.map(({ start, counts }) => [start, counts.get('🔥')])).toEqual([[T + 86_400_000, 2]]);
    expect(totals.get('🔥')).toBe(4);
  });

  test('a window that is removed during a recount does not come back with a part of its counts', async () => {
    const later = T + 86_400_000;
    await apply([at(0), at(1), at(2)]);
    for (const bucket of all) await store.discard(bucket);
    await apply([at(0), at(1)], { now: later, recount: true });
    expect((await store.snapshot('global')).windows.map(({ counts }) => counts.get('🔥'))).toEqual([2]);
    await store.trim(later);
    await apply([at(2)], { now: later, recount: true });
    const { windows, totals } = await store.snapshot('global');
    expect([windows, totals.get('🔥')]).toEqual([[], 3]);
  });

  test('a discarded bucket is empty, and other buckets are not affected', async () => {
    const rooms = Array.from({ length: 20 }, (_, n) => `room-${n}`);
    const taps = rooms.map((room, n) => at(n, { room, id: `${n}`, appended: T }));
    await apply(taps);
    await store.discard(1);
    const progress = await store.progress(['emoji_topic-0']);
    expect(progress.map((each) => each.get('emoji_topic-0')?.offset)).toEqual([19, -1, 19, 19]);
    await apply(taps);
    expect(await Promise.all(rooms.map((room) => fire(room)))).toEqual(rooms.map(() => 1));
  });
};
