import { beforeEach, describe, expect, test } from '@jest/globals';
import { recordsOf } from '../lib/adapters/kafka/event.ts';
import { DEAD_LETTER_TOPIC, UPDATE_TOPIC } from '../lib/config/topics.ts';
import type { Frame } from '../lib/domain/frame.ts';
import { toLines } from '../lib/domain/update-line.ts';
import { createCounter } from '../lib/usecases/count-taps.ts';
import { MemoryCountStore } from '../test/doubles/count-store.ts';
import { HeldRecords, RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { kafkaEvent } from '../test/support/events.ts';
import { frame } from '../test/support/frames.ts';
import { tap } from '../test/support/taps.ts';
import { largestCounts } from '../test/support/tcp-client.ts';
import { createHandler } from './aggregate.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const T = Date.parse('2026-05-01T20:45:00Z');

let store: MemoryCountStore;
let records: RecordedLog;
let now: number;
let handler: ReturnType<typeof createHandler>;
beforeEach(() => {
  store = new MemoryCountStore(settings);
  records = new RecordedLog();
  now = T + 500;
  const stream = new HeldRecords();
  const ports = { store, records, reader: stream, clock: () => now, log: recordedLogger() };
  const deliver = createHandler({ counter: createCounter({ ...ports, settings, shortCodes: [] }) });
  handler = (event) => {
    stream.hold(recordsOf(event));
    return deliver(event);
  };
});

const reaction = (options: Parameters<typeof tap>[1] = {}) => tap(0, { at: T, ...options }).reaction;
const frames = () => records.values<Frame>(UPDATE_TOPIC);
const startsIn = (each: Frame | undefined) => each?.windows.map(({ start }) => start);
const snapshot = () => store.snapshot('global');
const fire = async () => (await snapshot()).totals.get('🔥');
const taps = (from: number, to: number) =>
  kafkaEvent(
    Array.from({ length: to - from }, () => reaction()),
    { from },
  );

test('counts the taps and publishes the state of their rooms, keyed by room', async () => {
  await handler(kafkaEvent([reaction({ count: 86 }), reaction({ room: 'b', at: T + 2000 })]));
  expect(records.topics).toEqual([UPDATE_TOPIC]);
  const published = new Map(records.records(UPDATE_TOPIC).map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  expect(published).toEqual(
    new Map([
      ['global', frame(86, { start: T, at: now })],
      ['b', frame(1, { room: 'b', start: T + 2000, at: now })],
    ]),
  );
});

test('publishes one record per room and batch, with all emojis and windows', async () => {
  const emojis = ['🔥', '❤️', '👏'];
  await handler(kafkaEvent(emojis.flatMap((emoji) => [reaction({ emoji }), reaction({ emoji, at: T + 2000 })])));
  expect(frames()).toHaveLength(1);
  expect(frames()[0]?.windows.map(({ counts }) => Object.keys(counts))).toEqual([emojis, emojis]);
  expect(frames()[0]?.totals).toEqual({ '🔥': 2, '❤️': 2, '👏': 2 });
});

describe('a batch that is delivered again', () => {
  test('completely: changes nothing and publishes the same counts', async () => {
    await handler(taps(0, 100));
    const first = frames();
    await handler(taps(0, 100));
    expect(frames()).toEqual([...first, ...first]);
    expect(await fire()).toBe(100);
  });

  test('with other boundaries: counts only the new records, once', async () => {
    await handler(taps(0, 100));
    await handler(taps(0, 200));
    await handler(taps(50, 250));
    await handler(taps(0, 30));
    expect(await fire()).toBe(250);
    expect(frames().at(-1)).toEqual(frame(250, { start: T, at: now }));
  });

  test('after a crash between counting and publishing: loses no update', async () => {
    records.failure = new Error('crash');
    await expect(handler(taps(0, 3))).rejects.toThrow('crash');
    records.failure = undefined;
    await handler(taps(0, 3));
    expect(frames()).toEqual([frame(3, { start: T, at: now })]);
  });

  test('with one partition partly counted before: counts each record once', async () => {
    const both = (to: number) => ({
      records: { ...taps(0, to).records, ...kafkaEvent([reaction(), reaction()], { partition: 1 }).records },
    });
    await handler(taps(0, 10));
    await handler(both(20));
    await handler(both(20));
    expect(await fire()).toBe(22);
    expect(frames().at(-1)?.totals).toEqual({ '🔥': 22 });
  });
});

describe('a record that cannot be read', () => {
  test.each([
    ['invalid JSON', 'oops'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff])],
    ['no value', null],
    ['no emoji', { ...reaction(), emoji_type: 'fire' }],
    ['an invalid timestamp', { ...reaction(), timestamp: '2026-13-01T00:00:00Z' }],
    ['a list', [reaction()]],
    ['null as JSON', 'null'],
    ['received_at in the far future', { ...reaction(), received_at: '9999-12-31T23:59:59Z' }],
    ['received_at null', { ...reaction(), received_at: null }],
  ])('in the middle of a batch becomes a dead letter, and the rest counts: %s', async (_what, bad) => {
    await handler(kafkaEvent(Array(40).fill(reaction()), { partition: 3 }));
    await handler(kafkaEvent([reaction(), bad, reaction()], { partition: 3, from: 40 }));
    expect(await fire()).toBe(42);
    expect(records.values(DEAD_LETTER_TOPIC)).toEqual([
      expect.objectContaining({ topic: 'emoji_topic', partition: 3, offset: 41, reason: expect.any(String) }),
    ]);
  });

  test('a dead letter contains the original key and bytes', async () => {
    const [key, value] = [Buffer.from([0xff, 0x00, 0x20]), Buffer.from([0x7b, 0xff, 0x0a])];
    await handler(kafkaEvent([value], { partition: 2, timestamp: T + 7, key }));
    expect(records.values(DEAD_LETTER_TOPIC)).toEqual([
      {
        ...{ topic: 'emoji_topic', partition: 2, offset: 0, timestamp: T + 7, reason: 'not JSON in UTF-8' },
        ...{ key: key.toString('base64'), value: value.toString('base64') },
      },
    ]);
  });

  test('becomes a dead letter again when its batch is delivered again, and the other taps count once', async () => {
    for (let n = 0; n < 2; n++) await handler(kafkaEvent([reaction(), 'oops', reaction()]));
    expect(await fire()).toBe(2);
    expect(records.values(DEAD_LETTER_TOPIC).map(({ offset }) => offset)).toEqual([1, 1]);
  });

  test('becomes a dead letter if it has neither received_at nor a valid record time', async () => {
    const { received_at: _, ...bare } = reaction();
    await handler(kafkaEvent([bare, reaction()], { timestamp: 9e18 }));
    expect(await fire()).toBe(1);
    expect(records.values(DEAD_LETTER_TOPIC)[0]).toMatchObject({ reason: expect.stringContaining('received_at') });
  });

  test('becomes a dead letter if its received_at is after the record’s time', async () => {
    const early = reaction({ at: T + 7_200_000, id: 'early' });
    await handler(kafkaEvent([early, reaction()], { timestamp: T + 1000 }));
    expect(await fire()).toBe(1);
    expect((await snapshot()).windows.map(({ start }) => start)).toEqual([T]);
    expect(records.values(DEAD_LETTER_TOPIC)[0]).toMatchObject({
      offset: 0,
      reason: 'received_at lies after the time of the record',
    });
  });

  test('a batch of only unreadable records publishes nothing and is not delivered again', async () => {
    await handler(kafkaEvent(['a', 'b']));
    expect(records.topics).toEqual([DEAD_LETTER_TOPIC]);
    const progress = await store.progress(['emoji_topic-0']);
    expect(progress.map((each) => each.get('emoji_topic-0')?.offset)).toEqual(progress.map(() => 1));
  });
});

describe('time', () => {
  test('a tap without a time zone counts at received_at', async () => {
    await handler(kafkaEvent([{ ...reaction({ receivedAt: T + 4100 }), timestamp: '2020-01-01T00:00:00.123456' }]));
    expect(startsIn(frames()[0])).toEqual(['2026-05-01T20:45:04.000Z']);
  });

  test('a client’s fast clock does not count in future windows', async () => {
    await handler(kafkaEvent([reaction({ at: T + 3_600_000, receivedAt: T + 100 })]));
    expect(startsIn(frames()[0])).toEqual(['2026-05-01T20:45:00.000Z']);
  });

  test('a late tap is counted as late and enters no window', async () => {
    await handler(kafkaEvent([reaction({ receivedAt: T + 10_001, count: 4 })]));
    expect(records.topics).toEqual([]); // no window has changed
    expect(await snapshot()).toMatchObject({ windows: [], late: 4 });
  });

  test('a record without received_at gets the broker’s append time, and totals and windows agree', async () => {
    const { received_at: _, ...bare } = reaction({ at: T + 2100 });
    const { received_at: _late, ...long } = reaction({ at: T - 10_001 });
    await handler(kafkaEvent([bare, long, bare], { timestamp: T + 100, isAppendTime: true }));
    expect(frames().at(-1)).toEqual(frame(2, { start: T, at: now }));
    const { windows, totals, late } = await snapshot();
    expect(windows).toEqual([{ start: T, final: false, counts: new Map([['🔥', 2]]) }]);
    expect(totals).toEqual(new Map([['🔥', 2]]));
    expect(late).toBe(1); // more than the watermark before the append time
    expect(records.topics).toEqual([UPDATE_TOPIC]);
  });
});

test('aggregate publishes no final counts; only finalize does', async () => {
  await handler(kafkaEvent([reaction()]));
  now = T + 60_000;
  await handler(kafkaEvent([reaction({ at: T + 60_000 })], { from: 1 }));
  expect(frames().flatMap(({ windows }) => windows.filter(({ final }) => final))).toEqual([]);
  expect((await store.overdue(now)).map(({ start }) => start)).toEqual([T]);
});

test('the largest published count of each window and emoji is the exact count', async () => {
  for (let from = 0; from < 40; from += 4) await handler(taps(from, from + 6));
  expect([...largestCounts(frames().flatMap(toLines)).values()]).toEqual([42]);
});
