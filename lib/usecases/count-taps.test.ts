import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryCountStore } from '../../test/doubles/count-store.ts';
import { HeldRecords, RecordedLog, recordedLogger } from '../../test/support/doubles.ts';
import { tap, tapBatch } from '../../test/support/taps.ts';
import { UPDATE_TOPIC } from '../config/topics.ts';
import { bucketOf } from '../domain/bucket.ts';
import { mergeByRoom, type Frame } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import { createCounter, type Counter } from './count-taps.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const T = Date.parse('2026-05-01T20:45:00Z');
const BUCKETS = 4;
/** Rooms in different buckets. */
const ROOMS = ['room-0', 'room-1', 'room-2', 'room-3'];
const [ROOM = '', OTHER = ''] = ROOMS;

let store: MemoryCountStore;
let records: RecordedLog;
let stream: HeldRecords;
let log: ReturnType<typeof recordedLogger>;
let counter: Counter;
/** The buckets of each call of `apply`. */
let applied: number[][];
beforeEach(() => {
  store = new MemoryCountStore({ ...settings, buckets: BUCKETS });
  records = new RecordedLog();
  stream = new HeldRecords();
  log = recordedLogger();
  applied = [];
  const apply = store.apply.bind(store);
  store.apply = (batches, ...rest) => {
    applied.push(batches.map(({ bucket }) => bucket));
    return apply(batches, ...rest);
  };
  const ports = { store, records, reader: stream, clock: () => T + 500, log };
  counter = createCounter({ ...ports, settings, shortCodes: [] });
});

type Options = Parameters<typeof tap>[1] & { timestamp?: number };
/** Creates records of taps at these offsets and adds them to the topic. */
const taps = (from: number, to: number, { timestamp = T, ...options }: Options = {}): StreamRecord[] => {
  const all = Array.from({ length: to - from }, (_, n) => tap(from + n, { at: T, room: ROOM, ...options }));
  const held = tapBatch(all, timestamp).records;
  stream.hold(held);
  return [...held];
};
/** Taps that go to each room in turn. */
const tapsOfAll = (from: number, to: number): StreamRecord[] =>
  Array.from({ length: to - from }, (_, n) =>
    taps(from + n, from + n + 1, { room: ROOMS[(from + n) % 4] ?? '' }),
  ).flat();
const total = async (room = ROOM) => (await store.snapshot(room)).totals.get('🔥') ?? 0;
const inWindows = async (room = ROOM) =>
  (await store.snapshot(room)).windows.reduce((sum, { counts }) => sum + (counts.get('🔥') ?? 0), 0);
/** The total that a viewer shows after receiving every frame. */
const shown = (room = ROOM) => mergeByRoom(records.values<Frame>(UPDATE_TOPIC)).get(room)?.totals['🔥'];
const commit = (offset: number, partition = 0) => stream.committedOffsets.set(`emoji_topic-${partition}`, offset);
const range = (from: number, to: number, partition = 0) => ({ topicPartition: `emoji_topic-${partition}`, from, to });
const expectExactly = async (count: number, room = ROOM) => {
  expect({ total: await total(room), windows: await inWindows(room), shown: shown(room) }).toEqual({
    ...{ total: count, windows: count, shown: count },
  });
};

test('the rooms used in these tests are in different buckets', () => {
  expect(new Set(ROOMS.map((room) => bucketOf(room, BUCKETS))).size).toBe(BUCKETS);
});

describe('invariants', () => {
  test('the next batch recounts a published batch that a failover has lost', async () => {
    await counter.count(taps(0, 10));
    const copy = store.copy();
    await counter.count(taps(10, 20));
    expect(shown()).toBe(20);
    store.failOver(copy);
    await counter.count(taps(20, 30));
    await expectExactly(30);
    expect(stream.reads).toEqual([range(10, 20)]);
  });

  test('the next batch recounts a batch that a failover has lost while its counts were published', async () => {
    await counter.count(taps(0, 10));
    const copy = store.copy();
    const append = records.append.bind(records);
    records.append = async (...args) => {
      records.append = append;
      store.failOver(copy);
      await append(...args);
    };
    await counter.count(taps(10, 20));
    await counter.count(taps(20, 30));
    await expectExactly(30);
  });

  test('a failover between the batches of two partitions loses and doubles no tap', async () => {
    const copy = store.copy();
    await counter.count(taps(0, 10));
    commit(10);
    store.failOver(copy);
    await counter.count(taps(0, 10, { partition: 1 }));
    commit(10, 1);
    await counter.count(taps(10, 20));
    await expectExactly(30);
    expect(stream.reads).toEqual([range(0, 10)]);
  });

  test('finalize recounts what a failover between the batches of two partitions has lost, without further taps', async () => {
    await counter.count(taps(0, 5));
    const copy = store.copy();
    await counter.count(taps(5, 10));
    commit(10);
    store.failOver(copy);
    await counter.count(taps(0, 10, { partition: 1 }));
    commit(10, 1);
    expect(await counter.recountLost()).toEqual({ recounted: 5, lost: 0 });
    expect(await total()).toBe(20);
    expect(await inWindows()).toBe(20);
    expect(stream.reads).toEqual([range(5, 10)]);
  });

  test('a failed publish, then a failover before the retry: each tap counts once', async () => {
    await counter.count(taps(0, 20));
    const copy = store.copy();
    const batch = taps(20, 30);
    records.failure = new Error('down');
    await expect(counter.count(batch)).rejects.toThrow('down');
    records.failure = undefined;
    store.failOver(copy);
    await counter.count(batch);
    await counter.count(taps(30, 40));
    await expectExactly(40);
  });

  test('a failed publish, then a failover to an older copy before the retry: each tap counts once', async () => {
    await counter.count(taps(0, 10));
    const copy = store.copy();
    await counter.count(taps(10, 30));
    const batch = taps(30, 40);
    records.failure = new Error('down');
    await expect(counter.count(batch)).rejects.toThrow('down');
    records.failure = undefined;
    store.failOver(copy);
    await counter.count(batch);
    await expectExactly(40);
    expect(stream.reads).toEqual([range(10, 30)]);
  });

  test('after a failover, finalize recounts only the missing taps', async () => {
    await counter.count(tapsOfAll(0, 40));
    const copy = store.copy();
    await counter.count(tapsOfAll(40, 100));
    await counter.count(taps(0, 8, { partition: 1, room: OTHER }));
    commit(100);
    commit(8, 1);
    expect(await counter.recountLost()).toEqual({ recounted: 0, lost: 0 });
    expect(stream.reads).toEqual([]);
    const lagging = [bucketOf(ROOM, BUCKETS), bucketOf(OTHER, BUCKETS)].sort();
    store.failOver(copy, lagging);
    applied.length = 0;
    expect(await counter.recountLost()).toEqual({ recounted: 68, lost: 0 });
    expect(stream.reads).toEqual([range(40, 100), range(0, 8, 1)]);
    expect(new Set(applied.flat())).toEqual(new Set(lagging));
    expect(await Promise.all(ROOMS.map((room) => total(room)))).toEqual([25, 33, 25, 25]);
    expect(await Promise.all(ROOMS.map((room) => inWindows(room)))).toEqual([25, 33, 25, 25]);
  });

  test('totals that Redis still holds are kept while a bucket is counted again', async () => {
    await counter.count(tapsOfAll(0, 200));
    const copy = store.copy();
    await counter.count(tapsOfAll(200, 400));
    commit(400);
    store.failOver(copy, [bucketOf(ROOM, BUCKETS)]);
    const seen: number[][] = [];
    const apply = store.apply.bind(store);
    store.apply = async (...args) => {
      const outcomes = await apply(...args);
      seen.push(await Promise.all(ROOMS.map((room) => total(room))));
      return outcomes;
    };
    await counter.recountLost();
    expect(seen.length).toBeGreaterThan(10); // the recount takes many steps
    for (const [first, ...others] of seen) {
      expect(first).toBeGreaterThanOrEqual(50);
      expect(others).toEqual([100, 100, 100]);
    }
    const lagging = seen.map(([first = 0]) => first);
    expect(lagging).toEqual([...lagging].sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual([100, 100, 100, 100]);
  });

  test('a recreated topic is counted from its beginning', async () => {
    await counter.count(taps(0, 30));
    stream.clear();
    await counter.count(taps(0, 10, { timestamp: T + 60_000 }));
    expect(await total()).toBe(10);
    await counter.count(taps(10, 40, { timestamp: T + 60_001 }));
    expect(await total()).toBe(40);
    expect(await inWindows()).toBe(40);
    expect(
      log.lines.filter(([, message]) => message.startsWith('the topic was deleted and created again')),
    ).toHaveLength(BUCKETS);
  });

  test('a recreated topic is counted from its beginning by a batch that ends beyond the stored progress', async () => {
    await counter.count(taps(0, 30));
    stream.clear();
    await counter.count(taps(0, 40, { timestamp: T + 60_000 }));
    expect(await total()).toBe(40);
  });

  test('a recreated topic is counted from its beginning when finalize detects it first', async () => {
    await counter.count(taps(0, 30));
    stream.clear();
    const batch = taps(0, 5, { timestamp: T + 60_000 });
    await counter.recountLost();
    expect(await total()).toBe(0); // no batch of it was delivered yet
    await counter.count(batch);
    expect(await total()).toBe(5);
  });

  test('taps that are written and counted while finalize compares the counts with the topic do not look like a recreated topic', async () => {
    await counter.count(taps(0, 30));
    commit(30);
    const progress = store.progress.bind(store);
    store.progress = async (names) => {
      store.progress = progress;
      await counter.count(taps(30, 40));
      return progress(names);
    };
    expect(await counter.recountLost()).toEqual({ recounted: 0, lost: 0 });
    expect(log.lines).toEqual([]);
    await expectExactly(40);
  });

  test('a record without received_at gets the broker’s append time, and totals and windows agree', async () => {
    const appended = T + 4100;
    const { received_at: _, ...bare } = tap(0, { at: T + 9000, room: ROOM }).reaction;
    const batch = taps(0, 2, { appended }).map((record) => ({ ...record, value: Buffer.from(JSON.stringify(bare)) }));
    stream.hold(batch);
    await counter.count(batch);
    await expectExactly(2);
    expect((await store.snapshot(ROOM)).windows.map(({ start }) => start)).toEqual([T + 4000]);
    // A recount gives the same result.
    commit(2);
    await counter.discardAll();
    await counter.recountLost();
    expect((await store.snapshot(ROOM)).windows).toEqual([
      { start: T + 4000, final: false, counts: new Map([['🔥', 2]]) },
    ]);
  });

  test('a record with a CreateTime in the future does not expire any event_id', async () => {
    const year = 365 * 86_400_000;
    const once = (offset: number, timestamp: number, id = 'once') => taps(offset, offset + 1, { id, timestamp });
    for (const batch of [once(0, T), once(1, T + year, 'other'), once(2, T + 1), once(3, T + year + 1)])
      await counter.count(batch);
    await expectExactly(2);
  });
});

describe('counts that the store has lost', () => {
  const both = (from: number, to: number) => [...taps(from, to), ...taps(from, to, { partition: 1, at: T + 1 })];

  test('are counted again from the topic before the next batch, and published', async () => {
    await counter.count(both(0, 100));
    store.lose();
    await counter.count(both(100, 110));
    await expectExactly(220);
    await counter.count(both(110, 120));
    expect(stream.reads).toEqual([range(0, 100), range(0, 100, 1)]);
    await expectExactly(240);
  });

  test('are counted again by finalize without new taps, up to the committed offset', async () => {
    await counter.count(both(0, 100));
    for (const partition of [0, 1]) commit(100, partition);
    expect(await counter.recountLost()).toEqual({ recounted: 0, lost: 0 });
    store.lose();
    const next = both(100, 105); // not delivered yet, so not part of the recount
    expect(await counter.recountLost()).toEqual({ recounted: 200, lost: 0 });
    expect(await total()).toBe(200);
    await counter.count(next);
    expect(await total()).toBe(210);
  });

  test('are reported as lost, once, where the topic no longer has the records', async () => {
    await counter.count(both(0, 100));
    for (const partition of [0, 1]) commit(100, partition);
    store.lose();
    stream.deleteBefore('emoji_topic-0', 60);
    expect(await counter.recountLost()).toEqual({ recounted: 140, lost: 60 });
    expect(log.lines.filter(([level]) => level === 'error')).toEqual([
      ['error', expect.stringContaining('taps are lost'), { ranges: [range(0, 60)] }],
    ]);
    expect(await total()).toBe(140);
    expect(await counter.recountLost()).toEqual({ recounted: 0, lost: 0 });
    await counter.count(both(100, 110));
    expect([await total(), await inWindows()]).toEqual([160, 160]);
  });

  test('are reported as lost even if counts are lost again during the recount', async () => {
    await counter.count(both(0, 100));
    for (const partition of [0, 1]) commit(100, partition);
    store.lose();
    stream.deleteBefore('emoji_topic-0', 60);
    const apply = store.apply.bind(store);
    const copies = [store.copy()];
    store.apply = async (...args) => {
      // A failover before the third chunk loses the second one.
      if (copies.length === 3) store.failOver(copies[1] ?? []);
      const outcomes = await apply(...args);
      copies.push(store.copy());
      return outcomes;
    };
    expect((await counter.recountLost()).lost).toBe(60);
    expect(await total()).toBe(140);
  });

  test('during a recount are counted again too', async () => {
    await counter.count(both(0, 100));
    store.lose();
    const apply = store.apply.bind(store);
    let calls = 0;
    store.apply = async (...args) => {
      if (++calls === 6) store.lose();
      return apply(...args);
    };
    await counter.count(both(100, 110));
    await expectExactly(220);
  });

  test('of some buckets do not delay the rooms of other buckets, which are published before the recount', async () => {
    await counter.count(tapsOfAll(0, 40));
    const copy = new MemoryCountStore({ ...settings, buckets: BUCKETS }).copy();
    store.failOver(copy, [bucketOf(ROOM, BUCKETS)]);
    const shownAtRead: (number | undefined)[][] = [];
    const read = stream.read.bind(stream);
    stream.read = (...args) => {
      shownAtRead.push(ROOMS.map((room) => shown(room)));
      return read(...args);
    };
    await counter.count(tapsOfAll(40, 80));
    expect(shownAtRead).toEqual([[10, 20, 20, 20]]);
    for (const room of ROOMS) await expectExactly(20, room);
  });

  test('again on each attempt make the batch fail, so that it is delivered again', async () => {
    await counter.count(taps(0, 10));
    const apply = store.apply.bind(store);
    store.apply = (...args) => {
      store.lose();
      return apply(...args);
    };
    await expect(counter.count(taps(10, 13))).rejects.toMatchObject({ code: 'store_unavailable', retriable: true });
    commit(13);
    await expect(counter.recountLost()).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('in a damaged bucket are discarded and counted again from the topic; other buckets are not touched', async () => {
    await counter.count(tapsOfAll(0, 40));
    const damaged = bucketOf(ROOM, BUCKETS);
    const apply = store.apply.bind(store);
    let isDamaged = true;
    store.apply = async (batches, ...rest) =>
      (await apply(isDamaged ? batches.filter(({ bucket }) => bucket !== damaged) : batches, ...rest)).concat(
        isDamaged && batches.some(({ bucket }) => bucket === damaged) ? [{ bucket: damaged, state: 'damaged' }] : [],
      );
    const discard = store.discard.bind(store);
    const discarded: number[] = [];
    store.discard = (bucket) => {
      discarded.push(bucket);
      isDamaged = false;
      return discard(bucket);
    };
    await counter.count(tapsOfAll(40, 80));
    expect(discarded).toEqual([damaged]);
    for (const room of ROOMS) await expectExactly(20, room);
    expect(stream.reads).toEqual([range(0, 40)]);
    expect(records.topics).toEqual([UPDATE_TOPIC]); // no dead letters
  });

  test('after discardAll are counted again from the whole topic', async () => {
    await counter.count(tapsOfAll(0, 40));
    commit(40);
    await counter.discardAll();
    expect(await Promise.all(ROOMS.map((room) => total(room)))).toEqual([0, 0, 0, 0]);
    expect(await counter.recountLost()).toEqual({ recounted: 40, lost: 0 });
    expect(await Promise.all(ROOMS.map((room) => total(room)))).toEqual([10, 10, 10, 10]);
  });
});

describe('a large batch of taps with ids', () => {
  const identified = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) =>
      taps(from + n, from + n + 1, { id: `${(from + n) % 4000}`, appended: T + from + n }),
    ).flat();

  test('is counted in portions, each id once, and a redelivery changes nothing', async () => {
    const batch = [...identified(0, 5000), ...taps(0, 10, { partition: 1 })];
    const sizes: number[] = [];
    const apply = store.apply.bind(store);
    store.apply = (batches, ...rest) => {
      for (const { partitions } of batches)
        sizes.push([...partitions.values()].reduce((sum, part) => sum + part.identified.length, 0));
      return apply(batches, ...rest);
    };
    await counter.count(batch);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(records.records(UPDATE_TOPIC)).toHaveLength(1); // one frame with the counts after the last portion
    const once = await total();
    await counter.count(batch);
    expect(await total()).toBe(once);
    const progress = await store.progress(['emoji_topic-0', 'emoji_topic-1']);
    for (const each of progress) expect([...each.values()].map(({ offset }) => offset)).toEqual([4999, 9]);
    expect(stream.reads).toEqual([]); // there is no gap between the portions
  });

  test('may have offsets without records between its portions', async () => {
    const batch = identified(0, 4500).filter(({ offset }) => offset % 2000 > 5 || offset < 2000);
    await counter.count(batch);
    expect(stream.reads).toEqual([]);
    expect((await store.progress(['emoji_topic-0']))[0]?.get('emoji_topic-0')?.offset).toBe(4499);
  });
});
