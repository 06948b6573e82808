import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { REACTION_GROUP, REACTION_TOPIC } from '../../lib/config/topics.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import type { StreamRecord } from '../../lib/domain/stream.ts';
import { createCounter } from '../../lib/usecases/count-taps.ts';
import { RecordedLog } from '../support/doubles.ts';
import { createTopic, kafkaFor, openRecords, withAdmin } from '../support/kafka.ts';
import { prefixedReader } from '../support/prefixed.ts';
import { emptyRedis, kafkaBrokers, quiet, STORE } from '../support/services.ts';
import { tap } from '../support/taps.ts';

// In a topic with CreateTime, which another program may have created, the producers set the record timestamps.

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const prefix = `create-time-${randomUUID()}-`;
const topic = prefix + REACTION_TOPIC;
const YEAR = 365 * 86_400_000;
const kafka = kafkaFor();
let redis: RedisClient;
let records: ReturnType<typeof openRecords>;
beforeAll(async () => {
  redis = await emptyRedis('create-time');
  records = openRecords(createKafka(loadConfig({ KAFKA_BROKERS: kafkaBrokers() }), quiet));
  const config = { 'message.timestamp.type': 'CreateTime', 'message.timestamp.after.max.ms': String(100 * YEAR) };
  await createTopic(kafka, 1, { topic, config });
});
afterAll(async () => {
  await records.close();
  await redis.quit();
});

test('a record with a CreateTime in the future does not expire any event_id', async () => {
  const now = Date.now();
  const once = JSON.stringify(tap(0, { at: now, id: 'once' }).reaction);
  const other = JSON.stringify(tap(0, { at: now, id: 'other' }).reaction);
  const producer = kafka.producer();
  await producer.connect();
  const send = (value: string, timestamp: number) =>
    producer.send({ topic, messages: [{ partition: 0, value, timestamp: String(timestamp) }] });
  await send(once, now);
  await send(other, now + 50 * YEAR);
  await send(once, now + 1);
  await send(once, now + 50 * YEAR + 1);
  await producer.disconnect();

  const store = new RedisCountStore(redis, { ...settings, ...STORE });
  const ports = { store, records: new RecordedLog(), reader: prefixedReader(records.reader, prefix), clock: Date.now };
  const counter = createCounter({ ...ports, log: quiet, settings, shortCodes: [] });
  const batch: StreamRecord[] = [];
  const whole = { topicPartition: `${REACTION_TOPIC}-0`, from: 0, to: 4 };
  await ports.reader.read(REACTION_TOPIC, [whole], async ({ records }) => void batch.push(...records));
  expect(batch.map(({ timestamp, isAppendTime }) => [timestamp > now + YEAR, isAppendTime])).toEqual([
    [false, false],
    [true, false],
    [false, false],
    [true, false],
  ]);
  // Each record in its own batch.
  for (const record of batch) await counter.count([record]);
  const counted = async () => (await store.snapshot('global')).totals;
  expect(await counted()).toEqual(new Map([['🔥', 2]]));
  const [window] = (await store.snapshot('global')).windows;
  expect(window?.counts).toEqual(new Map([['🔥', 2]]));

  await withAdmin(kafka, (admin) =>
    admin.setOffsets({ groupId: prefix + REACTION_GROUP, topic, partitions: [{ partition: 0, offset: '4' }] }),
  );
  await counter.discardAll();
  expect(await counter.recountLost()).toEqual({ recounted: 4, lost: 0 });
  expect(await counted()).toEqual(new Map([['🔥', 2]]));
});
