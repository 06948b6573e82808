import { beforeEach, describe, expect, test } from '@jest/globals';
import { DEAD_LETTER_TOPIC, UPDATE_TOPIC } from '../lib/config/topics.ts';
import { MemoryWindowStore } from '../test/doubles/window-store.ts';
import type { Update } from '../lib/domain/update.ts';
import { HeldRecords, RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { kafkaEvent } from '../test/support/events.ts';
import { tap } from '../test/support/taps.ts';
import { told } from '../test/support/tcp-client.ts';
import { createCounter, type Counter } from '../lib/usecases/count-taps.ts';
import { createHandler } from './aggregate.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const T = Date.parse('2026-05-01T20:45:00Z');

let store: MemoryWindowStore;
let records: RecordedLog;
let now: number;
let stream: HeldRecords;
let counter: Counter;
let handler: ReturnType<typeof createHandler>;
beforeEach(() => {
  store = new MemoryWindowStore(settings);
  records = new RecordedLog();
  now = T + 500;
  stream = new HeldRecords();
  counter = createCounter({
    windows: store,
    records,
    reader: stream,
    clock: () => now,
    log: recordedLogger(),
    settings,
    shortCodes: [],
  });
  const deliver = createHandler({ counter });
  handler = (event) => {
    stream.hold(event);
    return deliver(event);
  };
});

const reaction = (options: Parameters<typeof tap>[1] = {}) => tap(0, { at: T, ...options }).reaction;
const updates = () => records.values<Update>(UPDATE_TOPIC);
const snapshot = () => store.snapshot('global', 10);
const fire = async () => (await snapshot()).totals.get('🔥');
const taps = (from: number, to: number) =>
  kafkaEvent(
    Array.from({ length: to - from }, () => reaction()),
    { from },
  );

test('counts the taps and publishes the totals of their windows, keyed by room', async () => {
  await handler(kafkaEvent([reaction({ count: 86 }), reaction({ room: 'b', at: T + 2000 })]));
  expect(records.topics).toEqual([UPDATE_TOPIC]);
  expect(records.records(UPDATE_TOPIC).map(({ key }) => key)).toEqual(['global', 'b']);
  expect(updates()[1]).toEqual({
    room_id: 'b',
    start: '2026-05-01T20:45:02.000Z',
    end: '2026-05-01T20:45:04.000Z',
    emoji_type: '🔥',
    raw_count: 1,
    scaled_count: 1,
    aggregation_ratio: 1000,
  });
});

describe('a batch that comes again', () => {
  test('whole: changes nothing and publishes the same totals', async () => {
    await handler(taps(0, 100));
    const first = updates();
    await handler(taps(0, 100));
    expect(updates()).toEqual([...first, ...first]);
    expect(await fire()).toBe(100);
  });

  test('with other boundaries: counts what is new, once', async () => {
    await handler(taps(0, 100));
    await handler(taps(0, 200));
    await handler(taps(50, 250));
    await handler(taps(0, 30));
    expect(await fire()).toBe(250);
    expect(updates().at(-1)?.raw_count).toBe(250);
  });

  test('after a crash between counting and publishing: loses no update', async () => {
    records.failure = new Error('crash');
    await expect(handler(taps(0, 3))).rejects.toThrow('crash');
    records.failure = undefined;
    await handler(taps(0, 3));
    expect(updates().map(({ raw_count }) => raw_count)).toEqual([3]);
  });

  test('several partitions, one of which was counted in part', async () => {
    const both = (to: number) => ({
      records: {
        ...taps(0, to).records,
        ...kafkaEvent([reaction(), reaction()], { partition: 1 }).records,
      },
    });
    await handler(taps(0, 10));
    await handler(both(20));
    await handler(both(20));
    expect(await fire()).toBe(22);
  });
});

describe('a record that cannot be read', () => {
  test.each([
    ['no JSON', 'oops'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff])],
    ['no value', null],
    ['no emoji', { ...reaction(), emoji_type: 'fire' }],
    ['a timestamp that is none', { ...reaction(), timestamp: '2026-13-01T00:00:00Z' }],
    ['a list', [reaction()]],
    ['null as JSON', 'null'],
    ['a time after all times', { ...reaction(), received_at: '9999-12-31T23:59:59Z' }],
    ['received_at null', { ...reaction(), received_at: null }],
  ])('in the middle of a batch goes to the failure destination, and the rest counts: %s', async (_what, bad) => {
    await handler(kafkaEvent([reaction(), bad, reaction()], { partition: 3, from: 40 }));
    expect(await fire()).toBe(2);
    expect(records.values(DEAD_LETTER_TOPIC)).toEqual([
      expect.objectContaining({ topic: 'emoji_topic', partition: 3, offset: 41, reason: expect.any(String) }),
    ]);
  });

  test('a tap without received_at and with a time that is none is set aside as well', async () => {
    const { received_at: _, ...bare } = reaction();
    await handler(kafkaEvent([bare, reaction()], { timestamp: 9e18 }));
    expect(await fire()).toBe(1);
    expect(records.values(DEAD_LETTER_TOPIC)[0]).toMatchObject({ reason: expect.stringContaining('received_at') });
  });

  test('a tap that says to have been received after it was written opens no window in the future', async () => {
    const early = reaction({ at: T + 7_200_000, id: 'early' });
    await handler(kafkaEvent([early, reaction()], { timestamp: T + 1000 }));
    expect(await fire()).toBe(1);
    expect(records.values(DEAD_LETTER_TOPIC)[0]).toMatchObject({
      offset: 0,
      reason: 'received_at lies after the time of the record',
    });
  });

  test('a batch of nothing else publishes no update', async () => {
    await handler(kafkaEvent(['a', 'b']));
    expect(records.topics).toEqual([DEAD_LETTER_TOPIC]);
  });
});

describe('time', () => {
  test('a naive timestamp is counted when it was received', async () => {
    await handler(kafkaEvent([{ ...reaction({ receivedAt: T + 4100 }), timestamp: '2020-01-01T00:00:00.123456' }]));
    expect(updates()[0]?.start).toBe('2026-05-01T20:45:04.000Z');
  });

  test('a fast clock opens no window in the future', async () => {
    await handler(kafkaEvent([reaction({ at: T + 3_600_000, receivedAt: T + 100 })]));
    expect(updates()[0]?.start).toBe('2026-05-01T20:45:00.000Z');
  });

  test('a late tap is counted as late and enters no window', async () => {
    await handler(kafkaEvent([reaction({ receivedAt: T + 10_001, count: 4 })]));
    expect(updates()).toEqual([]);
    expect(await snapshot()).toMatchObject({ windows: [], late: 4 });
  });

  test('a tap that another program wrote without received_at has the record’s time', async () => {
    const { received_at: _, ...bare } = reaction({ at: T + 2100 });
    await handler(kafkaEvent([bare], { timestamp: T + 100 }));
    expect(updates()[0]?.start).toBe('2026-05-01T20:45:00.000Z');
  });
});

test('a window that is over is told as final once, with the next batch of its room', async () => {
  await handler(kafkaEvent([reaction(), reaction({ emoji: '❤️' })]));
  now = T + 12_000;
  await handler(kafkaEvent([reaction({ at: T + 12_000 })], { from: 2 }));
  const final = () => updates().filter((update) => update.final);
  expect(final().map(({ start, emoji_type, raw_count }) => [start, emoji_type, raw_count])).toEqual([
    ['2026-05-01T20:45:00.000Z', '🔥', 1],
    ['2026-05-01T20:45:00.000Z', '❤️', 1],
  ]);
  now += 100;
  await handler(kafkaEvent([reaction({ at: T + 12_000 })], { from: 3 }));
  expect(final()).toHaveLength(2);
});

test('a final window stays due until it is published', async () => {
  await handler(kafkaEvent([reaction()]));
  now = T + 12_000;
  const next = kafkaEvent([reaction({ at: T + 12_000 })], { from: 1 });
  records.failure = new Error('down');
  await expect(handler(next)).rejects.toThrow('down');
  records.failure = undefined;
  await handler(next);
  expect(updates().filter((update) => update.final)).toHaveLength(1);
});

test('the largest count published for each window and emoji is the truth', async () => {
  for (let from = 0; from < 40; from += 4) await handler(taps(from, from + 6));
  const lines = updates().map((update) => ({ ...update, window_ms: 2000 }));
  expect([...told(lines).values()]).toEqual([42]);
});

describe('counts that the store has lost', () => {
  const both = (from: number, to: number) => ({
    records: Object.assign(
      {},
      ...[0, 1].map((partition) => {
        const values = Array.from({ length: to - from }, (_, n) =>
          reaction({ at: T + partition, id: `${from + n}-${partition}` }),
        );
        return kafkaEvent(values, { partition, from, timestamp: T + from }).records;
      }),
    ) as ReturnType<typeof kafkaEvent>['records'],
  });

  test('all of them: are counted again from the topic before the next batch, and published', async () => {
    await handler(both(0, 100));
    store.lose();
    await handler(both(100, 110));
    expect(await fire()).toBe(220);
    expect(updates().at(-1)?.raw_count).toBe(220);
    await handler(both(110, 120));
    expect(stream.reads).toHaveLength(2);
    expect(await fire()).toBe(240);
  });

  test('without a tap that comes: up to where the consumer group has committed', async () => {
    await handler(both(0, 100));
    for (const partition of [0, 1]) stream.committedOffsets.set(`emoji_topic-${partition}`, 100);
    expect(await counter.recountLost()).toBe(0);
    store.lose();
    stream.hold(both(100, 105)); // not delivered yet: not ours to count
    expect(await counter.recountLost()).toBe(200);
    expect(await fire()).toBe(200);
    await handler(both(100, 105));
    expect(await fire()).toBe(210);
  });

  test('what the topic does not hold any more is passed over', async () => {
    await handler(both(0, 100));
    store.lose();
    stream.forget();
    await handler(both(100, 110));
    await handler(both(110, 120));
    expect(await fire()).toBe(40);
    expect(stream.reads).toHaveLength(2);
  });

  test('between counting and noting it: the batch is counted in a new generation, whole', async () => {
    await handler(both(0, 100));
    const publish = records.append.bind(records);
    records.append = async (...args) => {
      records.append = publish;
      store.lose();
      await publish(...args);
    };
    await handler(both(100, 110));
    expect(await fire()).toBe(220);
  });

  test('while they are counted again: from the beginning once more', async () => {
    await handler(both(0, 100));
    store.lose();
    let batches = 0;
    const publish = records.append.bind(records);
    records.append = async (...args) => {
      if (++batches === 4) store.lose();
      await publish(...args);
    };
    await handler(both(100, 110));
    expect(await fire()).toBe(220);
  });

  test('again and again: the batch fails, so that it is delivered again', async () => {
    const publish = records.append.bind(records);
    records.append = async (...args) => {
      store.lose();
      await publish(...args);
    };
    await expect(handler(taps(0, 3))).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('a topic that was made anew is counted from its beginning, though its offsets were counted', async () => {
    await handler(kafkaEvent([reaction(), reaction(), reaction()], { timestamp: T }));
    stream.forget();
    await handler(kafkaEvent([reaction(), reaction()], { timestamp: T + 60_000 }));
    expect(await fire()).toBe(2);
    await handler(kafkaEvent([reaction()], { from: 2, timestamp: T + 60_001 }));
    expect(await fire()).toBe(3);
  });
});

test('taps of a room that can not be counted are set aside, and the others count', async () => {
  const open = store.open.bind(store);
  store.open = async () => {
    const counts = await open();
    return {
      ...{ counted: counts.counted, advance: counts.advance.bind(counts), settle: counts.settle.bind(counts) },
      ...{ overdue: counts.overdue.bind(counts), discard: counts.discard.bind(counts) },
      apply: async (batches, at) => [
        ...(await counts.apply(
          batches.filter(({ room }) => room !== 'bad'),
          at,
        )),
        { room: 'bad', windows: [], partial: new Map(), failure: 'WRONGTYPE' },
      ],
    };
  };
  await handler(kafkaEvent([reaction(), reaction({ room: 'bad', id: 'x' }), reaction()], { from: 5 }));
  expect(await fire()).toBe(2);
  const [letter] = records.values<{ value: string }>(DEAD_LETTER_TOPIC);
  expect(letter).toMatchObject({ offset: 6, reason: 'room bad can not be counted: WRONGTYPE' });
  expect(JSON.parse(Buffer.from(letter?.value ?? '', 'base64').toString())).toEqual(reaction({ room: 'bad', id: 'x' }));
});
