import { beforeEach, expect, test } from '@jest/globals';
import { MemoryCountStore } from '../../test/doubles/count-store.ts';
import { HeldRecords, recordedLogger } from '../../test/support/doubles.ts';
import { tap, tapBatch } from '../../test/support/taps.ts';
import type { ProgressMap } from '../ports.ts';
import { applyTaps } from './apply-taps.ts';
import { CountsLost, createCatchUp, missingRanges } from './catch-up.ts';
import { tapReader } from './read-taps.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000 };
const NAME = 'emoji_topic-0';
const progress = (offset: number, name = NAME): ProgressMap => new Map([[name, { offset, newest: 0 }]]);
const range = (from: number, to: number, topicPartition = NAME) => ({ topicPartition, from, to });

let store: MemoryCountStore;
let stream: HeldRecords;
let log: ReturnType<typeof recordedLogger>;
beforeEach(() => {
  store = new MemoryCountStore(settings);
  stream = new HeldRecords();
  log = recordedLogger();
});
const catchUp = (behind: [number, ProgressMap][], upTo: [string, number][]) =>
  createCatchUp({ store, reader: stream, readTaps: tapReader([]), clock: () => 100, log, settings })(
    new Map(behind),
    new Map(upTo),
  );
const hold = (count: number) => {
  const batch = tapBatch(Array.from({ length: count }, (_, n) => tap(n)));
  stream.hold(batch.records);
  return batch;
};
const offsets = async () => (await store.progress([NAME])).map((each) => each.get(NAME)?.offset);

test('missingRanges starts at the bucket with the lowest progress and ends at the offset to reach', () => {
  const upTo = new Map([
    [NAME, 10],
    ['emoji_topic-1', 5],
  ]);
  expect(missingRanges(new Map([[0, progress(9)]]), upTo)).toEqual([range(0, 5, 'emoji_topic-1')]);
  const behind = new Map([
    [0, progress(7)],
    [1, new Map([...progress(3), ...progress(4, 'emoji_topic-1')])],
    [2, new Map([...progress(20), ...progress(4, 'emoji_topic-1')])],
  ]);
  expect(missingRanges(behind, upTo)).toEqual([range(4, 10), range(0, 5, 'emoji_topic-1')]);
  expect(missingRanges(new Map(), upTo)).toEqual([]);
});

test('a recount counts for each bucket what it lacks, and changes no other bucket', async () => {
  const batch = hold(30);
  await applyTaps(store, batch, { buckets: [0], settings, now: 0 });
  const first = { ...batch, ...tapBatch(batch.taps.slice(0, 12)) };
  await applyTaps(store, first, { buckets: [1], settings, now: 0 });
  const done = await catchUp(
    [
      [1, progress(11)],
      [2, new Map()],
    ],
    [[NAME, 30]],
  );
  expect(done).toEqual({ recounted: 30, lost: 0 });
  expect(await offsets()).toEqual([29, 29, 29, -1]);
});

test('without missing counts, the topic is not read', async () => {
  expect(await catchUp([[0, progress(9)]], [[NAME, 10]])).toEqual({ recounted: 0, lost: 0 });
  expect([stream.reads, log.lines]).toEqual([[], []]);
});

test('an offset range without records counts as read, and only records as counted again', async () => {
  hold(5);
  expect(await catchUp([[0, new Map()]], [[NAME, 50]])).toEqual({ recounted: 5, lost: 0 });
  expect((await offsets())[0]).toBe(49);
});

test('a recount skips unreadable records, which already are dead letters', async () => {
  const [record] = hold(3).records;
  if (record) stream.hold([{ ...record, offset: 1, value: Buffer.from('oops') }]);
  await catchUp(
    [0, 1, 2, 3].map((bucket) => [bucket, new Map()]),
    [[NAME, 3]],
  );
  expect((await store.snapshot('global')).totals.get('🔥')).toBe(2);
});

test('records that the topic no longer has are reported as lost, and later ones are counted', async () => {
  const batch = hold(30);
  await applyTaps(store, tapBatch(batch.taps.slice(0, 5)), { buckets: [0], settings, now: 0 });
  stream.deleteBefore(NAME, 20);
  expect(await catchUp([[0, progress(4)]], [[NAME, 30]])).toEqual({ recounted: 10, lost: 15 });
  expect(log.lines.filter(([level]) => level === 'error')).toMatchObject([
    ['error', expect.stringContaining('taps are lost'), { ranges: [range(5, 20)] }],
  ]);
  expect((await offsets())[0]).toBe(29);
});

test('CountsLost is thrown when Redis loses counts during a recount, with the result so far', async () => {
  hold(30);
  stream.deleteBefore(NAME, 10);
  const apply = store.apply.bind(store);
  let calls = 0;
  store.apply = (...args) => {
    if (++calls === 3) store.lose();
    return apply(...args);
  };
  const failure = await catchUp([[0, new Map()]], [[NAME, 30]]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CountsLost);
  expect(failure).toMatchObject({ until: { lost: 10 } });
});
