import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRedis, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { topicPartition, type StreamRecord } from '../../lib/domain/stream.ts';
import { createCounter, type Counter } from '../../lib/usecases/count-taps.ts';
import { createPublishFinals } from '../../lib/usecases/publish-finals.ts';
import { HeldRecords, RecordedLog, recordedLogger } from '../support/doubles.ts';
import { startRedisPair, type FailoverForm, type RedisPair } from '../support/redis-pair.ts';
import { quiet, STORE } from '../support/services.ts';
import { tap } from '../support/taps.ts';

// A Redis primary and a replica that lacks the last writes. All taps with committed offsets must be counted, at
// whatever moment Redis fails over.

const T = Date.parse('2026-05-01T20:45:00Z');
const TOPIC = 'emoji_topic';
const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const ROOMS = Array.from({ length: 10 }, (_, n) => `room-${n}`);

let pair: RedisPair;
let redis: RedisClient;
let store: RedisCountStore;
let stream: HeldRecords;
let records: RecordedLog;
let counter: Counter;
let finals: () => Promise<void>;
let beforePublish: (() => Promise<void>) | undefined;
let offset: number;
let now: number;

beforeEach(async () => {
  pair = await startRedisPair();
  redis = createRedis(pair.url, quiet);
  store = new RedisCountStore(redis, { ...STORE, ...settings });
  stream = new HeldRecords();
  records = new RecordedLog();
  beforePublish = undefined;
  offset = 0;
  now = T;
  const append: RecordedLog['append'] = async (...args) => {
    const act = beforePublish;
    beforePublish = undefined;
    await act?.();
    await records.append(...args);
  };
  const ports = { store, records: { append }, reader: stream, clock: () => now, settings };
  counter = createCounter({ ...ports, log: recordedLogger(), shortCodes: [] });
  finals = createPublishFinals(ports);
});
afterEach(async () => {
  redis.disconnect();
  await pair.stop();
});

/** Ten taps, one in each room; every other tap has an id. */
const tenTaps = (): StreamRecord[] => {
  const batch = ROOMS.map((room, n): StreamRecord => {
    const { reaction } = tap(offset, { room, at: T, ...(n % 2 ? { id: `${offset}` } : {}) });
    const value = Buffer.from(JSON.stringify(reaction));
    return { topic: TOPIC, partition: 0, offset, timestamp: T + offset++, isAppendTime: true, value };
  });
  stream.hold(batch);
  return batch;
};

/** Repeats work as its caller does in operation: ioredis fails the commands that a closed connection has partly answered. */
const repeat = async (work: () => Promise<unknown>): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
};

/** Delivers a batch as an event source mapping does: again after an error, with a commit after success. */
const deliver = async (batch: StreamRecord[]): Promise<void> => {
  await repeat(() => counter.count(batch));
  stream.committedOffsets.set(topicPartition(TOPIC, 0), (batch.at(-1)?.offset ?? 0) + 1);
};

const counted = async () => {
  const rooms = await Promise.all(ROOMS.map((room) => store.snapshot(room)));
  return rooms.map(({ totals, windows }) => [totals.get('🔥'), windows[0]?.counts.get('🔥')]);
};
const all = (taps: number) => ROOMS.map(() => [taps, taps]);

describe.each<FailoverForm>(['address moves', 'roles swap'])('Redis failover, %s: all taps are counted', (form) => {
  test('after a failover to a replica that lacks the last batch, while its counts are published', async () => {
    await deliver(tenTaps());
    await pair.synced();
    pair.freeze();
    beforePublish = () => pair.failover(form);
    await deliver(tenTaps());
    await deliver(tenTaps());
    expect(await counted()).toEqual(all(3));
    // Only the lost records were read again: once, or once for each attempt of a batch that failed on a busy machine.
    expect(new Set(stream.reads.map(({ topicPartition, from, to }) => `${topicPartition} ${from}–${to}`))).toEqual(
      new Set([`${TOPIC}-0 10–20`]),
    );
  });

  test('after a failover while counts are published, when the publish then fails once', async () => {
    await deliver(tenTaps());
    await pair.synced();
    await deliver(tenTaps());
    await pair.synced();
    pair.freeze();
    beforePublish = async () => {
      await pair.failover(form);
      throw new Error('the publish fails');
    };
    await deliver(tenTaps());
    await deliver(tenTaps());
    expect(await counted()).toEqual(all(4));
  });

  test('after a failover without further taps: lost taps are recounted, and final counts are right', async () => {
    await deliver(tenTaps());
    await pair.synced();
    pair.freeze();
    await deliver(tenTaps());
    await pair.failover(form);
    await repeat(() => counter.recountLost());
    now += 60_000;
    await repeat(finals);
    expect(await counted()).toEqual(all(2));
    const last = records.values<{ room_id: string; windows: { final?: true; counts: Record<string, number> }[] }>(
      'main_emoji_topic',
    );
    for (const room of ROOMS)
      expect(last.findLast(({ room_id }) => room_id === room)?.windows).toMatchObject([
        { final: true, counts: { '🔥': 2 } },
      ]);
  });
});
