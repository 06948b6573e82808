import { expect, test } from '@jest/globals';
import { tap, tapBatch } from '../../test/support/taps.ts';
import { bucketOf } from './bucket.ts';
import { groupByBucket, touchedWindows, type BucketBatch, type LoggedReaction } from './counting.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, total: 4 };
const all = [0, 1, 2, 3];
const batchesOf = (taps: LoggedReaction[], buckets: Iterable<number> = all) =>
  groupByBucket(taps, tapBatch(taps).spans, buckets, settings);
const ofRoom = (batches: readonly BucketBatch[], room: string) =>
  batches.find(({ bucket }) => bucket === bucketOf(room, 4))?.partitions;

test('taps are grouped by bucket, partition, room, window and emoji', () => {
  const taps = [
    tap(0, { room: 'a', emoji: '🔥', at: 100 }),
    tap(1, { room: 'b', emoji: '🔥', at: 100 }),
    tap(2, { room: 'a', emoji: '❤️', at: 1999, count: 5 }),
    tap(5, { room: 'a', emoji: '🔥', at: 2000 }),
    tap(7, { room: 'a', emoji: '🔥', at: 100, partition: 1 }),
    tap(8, { room: 'a', emoji: '🔥', at: 101, partition: 1 }),
  ];
  const batches = batchesOf(taps);
  expect(batches.map(({ bucket }) => bucket)).toEqual(all);
  const [first, second] = ['emoji_topic-0', 'emoji_topic-1'].map((name) => ofRoom(batches, 'a')?.get(name));
  const windows = new Map([
    [
      0,
      new Map([
        ['🔥', 1],
        ['❤️', 5],
      ]),
    ],
    [2000, new Map([['🔥', 1]])],
  ]);
  expect(first?.rooms.get('a')).toEqual({ late: 0, windows });
  expect(second?.rooms.get('a')).toEqual({ late: 0, windows: new Map([[0, new Map([['🔥', 2]])]]) });
  expect(ofRoom(batches, 'b')?.get('emoji_topic-0')?.rooms.get('b')?.windows).toEqual(
    new Map([[0, new Map([['🔥', 1]])]]),
  );
});

test('every bucket gets every span, even without a tap for its rooms', () => {
  const taps = [tap(3, { room: 'a', appended: 70 }), tap(9, { room: 'a', appended: 60 }), tap(0, { partition: 1 })];
  for (const { partitions } of batchesOf(taps)) {
    expect([...partitions.keys()]).toEqual(['emoji_topic-0', 'emoji_topic-1']);
    expect(partitions.get('emoji_topic-0')).toMatchObject({ first: 3, last: 9, newest: 70, appended: 70 });
    expect(partitions.get('emoji_topic-1')).toMatchObject({ first: 0, last: 0, appended: 0 });
  }
});

test('only the given buckets, and only taps within the spans, are grouped', () => {
  const taps = [tap(0, { room: 'a' }), tap(0, { room: 'a', partition: 1 })];
  const wanted = bucketOf('a', 4);
  expect(batchesOf(taps, [wanted]).map(({ bucket }) => bucket)).toEqual([wanted]);
  expect(batchesOf(taps, [(wanted + 1) % 4])[0]?.partitions.get('emoji_topic-0')?.rooms.size).toBe(0);
  const spans = new Map([['emoji_topic-1', { first: 0, last: 0, newest: 0, appended: 0 }]]);
  const [batch] = groupByBucket(taps, spans, [wanted], settings);
  expect([...(batch?.partitions.keys() ?? [])]).toEqual(['emoji_topic-1']);
});

test('late taps are counted as late and enter no window', () => {
  const part = ofRoom(batchesOf([tap(0, { at: 0, receivedAt: 10_001, count: 3 })]), 'global')?.get('emoji_topic-0');
  expect(part?.rooms.get('global')).toEqual({ late: 3, windows: new Map() });
});

test('taps with an event_id are listed one by one, in offset order', () => {
  const batches = batchesOf([
    tap(0, { id: 'a', appended: 50 }),
    tap(1, { at: 1, id: 'b', user: 'v', appended: 51 }),
    tap(2, { at: 2, id: 'a', appended: 51 }),
    tap(4, { receivedAt: 10_001, id: 'd', count: 2 }),
    tap(5),
  ]);
  const part = ofRoom(batches, 'global')?.get('emoji_topic-0');
  expect(part?.rooms.get('global')).toEqual({ late: 0, windows: new Map([[0, new Map([['🔥', 1]])]]) });
  const each = { room: 'global', start: 0, emoji: '🔥', count: 1 };
  expect(part?.identified).toEqual([
    { ...each, id: 'global u a', appended: 50 },
    { ...each, id: 'global v b', appended: 51 },
    { ...each, id: 'global u a', appended: 51 },
    { ...each, id: 'global u d', start: undefined, count: 2, appended: 0 },
  ]);
});

test('the same event_id of another user, or in another room, is another id', () => {
  const taps = [tap(0, { id: 'x' }), tap(1, { id: 'x', user: 'v' }), tap(2, { id: 'x', room: 'b' })];
  const ids = batchesOf(taps).flatMap(({ partitions }) =>
    [...partitions.values()].flatMap(({ identified }) => identified.map(({ id }) => id)),
  );
  expect(new Set(ids).size).toBe(3);
});

test('touchedWindows covers all partitions and kinds of taps; a room with only late taps has none', () => {
  const [batch] = groupByBucket(
    [
      tap(0, { at: 0 }),
      tap(1, { at: 4000, id: 'x' }),
      tap(0, { at: 2000, partition: 1 }),
      tap(2, { room: 'late', receivedAt: 10_001 }),
      tap(3, { room: 'later', receivedAt: 10_001, id: 'y' }),
    ],
    new Map(['emoji_topic-0', 'emoji_topic-1'].map((name) => [name, { first: 0, last: 3, newest: 0, appended: 0 }])),
    [0],
    { ...settings, total: 1 },
  );
  const touched = new Map(
    [...touchedWindows(batch as BucketBatch)].map(([room, starts]) => [room, [...starts].sort()]),
  );
  expect(touched).toEqual(
    new Map([
      ['global', [0, 2000, 4000]],
      ['late', []],
      ['later', []],
    ]),
  );
});
