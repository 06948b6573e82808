import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLocalInfra, type LocalInfra } from '../../infra/local/index.ts';
import { createHandler as createIngest } from '../../functions/ingest.ts';
import { openDoor } from '../../lib/usecases/authorization.ts';
import { boundedLog } from '../../lib/adapters/bounded-log.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { brokerCheck } from '../../lib/adapters/kafka/health.ts';
import { KafkaRecordReader } from '../../lib/adapters/kafka/record-reader.ts';
import { KafkaRecordLog } from '../../lib/adapters/kafka/record-log.ts';
import { createRedis, withStore, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { RedisWindowStore } from '../../lib/adapters/redis/window-store.ts';
import { countTaps } from '../../lib/usecases/count-taps.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { unlimited } from '../support/doubles.ts';
import { httpEvent } from '../support/events.ts';
import { createTopic, kafkaFor, readTopic } from '../support/kafka.ts';
import { quiet } from '../support/services.ts';
import { tap } from '../support/taps.ts';
import { until } from '../support/until.ts';

/** A broker and a Redis of this file's own, since it kills them. */
let infra: LocalInfra;
let dataDir: string;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'emoji-streaming-outages-'));
  infra = await startLocalInfra({ dataDir, kafkaPort: 0, redisPort: 0, env: {} });
});
afterAll(async () => {
  await infra.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const refusal = { code: 'store_unavailable', message: 'Redis does not answer', retriable: true };

test('a broker that is killed under load: every acknowledged record is there exactly once', async () => {
  const reader = kafkaFor(infra.kafkaBrokers);
  const topic = await createTopic(reader, 4);
  const kafka = createKafka(loadConfig({ KAFKA_BROKERS: infra.kafkaBrokers }), quiet);
  const log = new KafkaRecordLog(kafka, { ackTimeoutMs: 500, log: quiet });
  const acknowledged: string[] = [];
  const refused: string[] = [];
  let going = true;
  const tapper = async () => {
    while (going) {
      const value = randomUUID();
      try {
        await log.append(topic, [{ value }]);
        acknowledged.push(value);
      } catch (error) {
        expect(error).toMatchObject({ code: 'broker_unavailable' });
        refused.push(value);
      }
    }
  };
  const tappers = Array.from({ length: 20 }, tapper);
  const more = async (count: number) => {
    const from = acknowledged.length;
    await until(`${count} more are acknowledged`, () => acknowledged.length >= from + count, 20_000);
  };

  await more(2000);
  await infra.broker?.kill('SIGKILL');
  await until('refused while it is down', () => refused.length >= 20);
  await expect(brokerCheck(kafka)()).rejects.toThrow();
  await infra.broker?.start();
  await more(2000);
  going = false;
  await Promise.all(tappers);
  await log.close();

  const times = new Map<string, number>();
  for (const { value } of await readTopic(reader, topic)) times.set(value, (times.get(value) ?? 0) + 1);
  expect(acknowledged.filter((value) => times.get(value) !== 1)).toEqual([]);
  // One that was refused may have been written, but never twice.
  expect(refused.filter((value) => (times.get(value) ?? 0) > 1)).toEqual([]);
});

test('a broker that hangs: beyond the bound taps are refused at once, and taken as soon as it goes on', async () => {
  const topic = await createTopic(kafkaFor(infra.kafkaBrokers), 4);
  const kafka = createKafka(loadConfig({ KAFKA_BROKERS: infra.kafkaBrokers }), quiet);
  const records = new KafkaRecordLog(kafka, { ackTimeoutMs: 20_000, log: quiet });
  const bounded = boundedLog({ append: (_topic, taps) => records.append(topic, taps) }, 1000);
  const handler = createIngest({
    auth: openDoor,
    records: bounded,
    admission: unlimited,
    clock: Date.now,
    log: quiet,
    shortCodes: [],
  });
  const tap = { user_id: 'u', emoji_type: '🔥', timestamp: new Date().toISOString() };
  const post = () => handler(httpEvent({ body: { events: Array(100).fill(tap) } }));
  expect(await post()).toMatchObject({ statusCode: 200 });

  await infra.broker?.kill('SIGSTOP');
  let waiting: ReturnType<typeof post>[];
  try {
    waiting = Array.from({ length: 10 }, post);
    const began = performance.now();
    for (let n = 0; n < 100; n++)
      expect(await post()).toMatchObject({
        statusCode: 503,
        headers: { 'retry-after': '1' },
        body: expect.stringContaining('Too many taps are being written'),
      });
    expect(performance.now() - began).toBeLessThan(2000);
  } finally {
    await infra.broker?.kill('SIGCONT');
  }
  for (const answer of await Promise.all(waiting)) expect(answer.statusCode).toBe(200);
  expect(await post()).toMatchObject({ statusCode: 200 });
  await records.close();
  expect(await readTopic(kafkaFor(infra.kafkaBrokers), topic)).toHaveLength(1200);
});

test('a broker that is killed while records are read again: each of them is taken, once', async () => {
  const kafka = createKafka(loadConfig({ KAFKA_BROKERS: infra.kafkaBrokers }), quiet);
  const topic = await createTopic(kafkaFor(infra.kafkaBrokers), 1);
  const log = new KafkaRecordLog(kafka, { ackTimeoutMs: 10_000, log: quiet });
  const RECORDS = 20_000;
  await log.append(
    topic,
    Array.from({ length: RECORDS }, (_, n) => ({ value: `${n} ${'x'.repeat(200)}` })),
  );
  await log.close();
  const reader = new KafkaRecordReader(kafka);
  const taken: number[] = [];
  let killed: Promise<void> | undefined;
  await reader.read(topic, [{ partition: `${topic}-0`, from: 3, to: RECORDS }], async ({ records }) => {
    for (const entries of Object.values(records)) taken.push(...entries.map(({ offset }) => offset));
    killed ??= infra.broker?.kill('SIGKILL').then(() => infra.broker?.start());
    await killed;
  });
  await reader.close();
  expect(taken).toEqual(Array.from({ length: RECORDS - 3 }, (_, n) => n + 3));
});

describe('Redis', () => {
  let redis: RedisClient;
  beforeAll(() => {
    redis = createRedis(infra.redisUrl, quiet);
  });
  afterAll(() => redis.disconnect());

  test('killed in the middle of counting: batches that are counted again until they are count once', async () => {
    const settings = { windowMs: 2000, watermarkMs: 10_000 };
    const store = new RedisWindowStore(redis, {
      ...settings,
      windowTtl: 1000,
      roomTtl: 2000,
      idTtlMs: 600_000,
      idLimit: 1000,
    });
    const now = Date.now();
    const taps = Array.from({ length: 1000 }, (_, offset) => tap(offset, { at: now, room: `room-${offset % 5}` }));
    let restarted: Promise<void> | undefined;
    const deliver = async (batch: typeof taps): Promise<void> => {
      try {
        await countTaps(await store.open(), batch, settings, now);
      } catch (error) {
        expect(error).toMatchObject(refusal);
        restarted ??= infra.redis?.start();
        await deliver(batch);
      }
    };
    for (let from = 0; from < taps.length; from += 10) {
      const delivered = deliver(taps.slice(Math.max(0, from - 5), from + 10));
      if (from === 500) await infra.redis?.kill('SIGKILL');
      await delivered;
    }
    expect(restarted).toBeDefined();
    await restarted;
    for (let room = 0; room < 5; room++)
      expect((await store.snapshot(`room-${room}`, 1)).totals).toEqual(new Map([['🔥', 200]]));
  });

  test('started again it knows the registry, and the scripts are known to it', async () => {
    const registry = new RedisRegistry(redis, { clusters: 1, subscribersPerCluster: 2, clientTtl: 60 });
    const register = (client_id: string) =>
      registry.register(registrationSchema.parse({ client_id, port: 6000 }), Date.now());
    await register('before');
    await infra.redis?.kill('SIGKILL');
    await expect(register('unlucky')).rejects.toMatchObject(refusal);
    await infra.redis?.start();
    await until('it is connected', () => redis.status === 'ready');
    await Promise.all(['a', 'b', 'c'].map(register));
    expect([...((await registry.loads()).get(0) ?? [])]).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });

  test('that hangs: a command fails after its time, and the connection works once it goes on', async () => {
    await redis.ping();
    await infra.redis?.kill('SIGSTOP');
    try {
      await expect(withStore(() => redis.ping())).rejects.toMatchObject({
        ...refusal,
        cause: { message: 'Command timed out' },
      });
    } finally {
      await infra.redis?.kill('SIGCONT');
    }
    expect(await redis.ping()).toBe('PONG');
  });
});
