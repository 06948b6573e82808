import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRedis, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { evictionProblems, refuseEviction } from '../../lib/adapters/redis/eviction.ts';
import { topicPartition, type StreamRecord } from '../../lib/domain/stream.ts';
import { createCounter, type Counter } from '../../lib/usecases/count-taps.ts';
import { HeldRecords, RecordedLog, recordedLogger } from '../support/doubles.ts';
import { startRedisNode, type RedisNode } from '../support/redis-node.ts';
import { startRedisPair } from '../support/redis-pair.ts';
import { quiet, STORE } from '../support/services.ts';
import { tap } from '../support/taps.ts';
import { until } from '../support/until.ts';

// A Redis whose maxmemory-policy is changed while the platform runs.

const T = Date.parse('2026-05-01T20:45:00Z');
const TOPIC = 'emoji_topic';
const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const ROOMS = Array.from({ length: 10 }, (_, n) => `room-${n}`);
const WINDOWS = 8;

let node: RedisNode;
let redis: RedisClient;
let store: RedisCountStore;
let stream: HeldRecords;
let counter: Counter;
let offset: number;

beforeEach(async () => {
  node = await startRedisNode({ appendonly: 'no' });
  redis = createRedis(`redis://127.0.0.1:${node.port}`, quiet);
  store = new RedisCountStore(redis, { ...STORE, ...settings, mayCount: () => refuseEviction(redis, quiet) });
  stream = new HeldRecords();
  const ports = { store, records: new RecordedLog(), reader: stream, clock: () => T + 60_000, settings };
  counter = createCounter({ ...ports, log: recordedLogger(), shortCodes: [] });
  offset = 0;
});
afterEach(async () => {
  redis.disconnect();
  await node.remove();
});

/** One tap in each room and window; every other room's taps have ids. */
const taps = (): StreamRecord[] => {
  const batch = ROOMS.flatMap((room, n) =>
    Array.from({ length: WINDOWS }, (_, window): StreamRecord => {
      const at = T + window * settings.windowMs;
      const { reaction } = tap(offset, { room, at, ...(n % 2 ? { id: `${offset}` } : {}) });
      const value = Buffer.from(JSON.stringify(reaction));
      return { topic: TOPIC, partition: 0, offset, timestamp: T + offset++, isAppendTime: true, value };
    }),
  );
  stream.hold(batch);
  return batch;
};
const count = async (batch: StreamRecord[]) => {
  await counter.count(batch);
  stream.committedOffsets.set(topicPartition(TOPIC, 0), offset);
};

const configure = (maxmemory: number, policy: string) =>
  node.redis.config('SET', 'maxmemory-policy', policy).then(() => node.redis.config('SET', 'maxmemory', maxmemory));
const evictSome = async () => {
  const used = Number((await node.info('memory')).get('used_memory'));
  await configure(used - 20_000, 'allkeys-random');
  await until('keys are evicted', async () => Number((await node.info('stats')).get('evicted_keys')) > 0);
  await configure(0, 'noeviction');
};

test('evicted counts of windows without further taps are noticed and counted again', async () => {
  await count(taps());
  for (let n = 1; n <= 5; n++) {
    await evictSome();
    await counter.recountLost();
    const rooms = await Promise.all(ROOMS.map((room) => store.snapshot(room)));
    for (const { totals, windows } of rooms) {
      expect(totals.get('🔥')).toBe(WINDOWS);
      expect(windows.map(({ counts }) => counts.get('🔥'))).toEqual(Array(WINDOWS).fill(1));
    }
  }
});

test('nothing is read again when no key was evicted', async () => {
  await count(taps());
  await evictSome();
  await counter.recountLost();
  const reads = stream.reads.length;
  await node.redis.set('other', 'x');
  expect(await counter.recountLost()).toEqual({ recounted: 0, lost: 0 });
  expect(stream.reads).toHaveLength(reads);
});

test('while Redis may evict keys nothing is counted; then the batch counts once', async () => {
  await count(taps());
  await configure(0, 'volatile-lru');
  const batch = taps();
  await until('counting stops', () =>
    counter.count(taps()).then(
      () => false,
      (error: { code?: string }) => error.code === 'store_unavailable',
    ),
  );
  await configure(0, 'noeviction');
  stream.committedOffsets.set(topicPartition(TOPIC, 0), offset);
  await until('counting goes on', () =>
    counter.recountLost().then(
      () => true,
      () => false,
    ),
  );
  await counter.count(batch);
  const { totals } = await store.snapshot('room-0');
  expect(totals.get('🔥')).toBe(offset / ROOMS.length);
});

test('after a failover the policy of the new primary is checked, also by a client that has only read', async () => {
  const pair = await startRedisPair();
  const reader = createRedis(pair.url, quiet);
  try {
    expect(await evictionProblems(reader, quiet)).toEqual([]);
    await pair.failover('roles swap');
    await pair.primary.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await evictionProblems(reader, quiet)).toEqual(['maxmemory-policy must be noeviction (it is allkeys-lru)']);
  } finally {
    reader.disconnect();
    await pair.stop();
  }
});
