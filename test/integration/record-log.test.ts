import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { createTopic, kafkaFor, openRecords, readTopic, withAdmin } from '../support/kafka.ts';
import { kafkaBrokers, quiet } from '../support/services.ts';

const kafka = createKafka(loadConfig({ KAFKA_BROKERS: kafkaBrokers() }), quiet);
const reader = kafkaFor();
const opened: ReturnType<typeof openRecords>[] = [];
const open = (ackTimeoutMs = 5000, on: Kafka = kafka) => {
  const records = openRecords(on, ackTimeoutMs);
  opened.push(records);
  return records.log;
};
let topic: string;
beforeAll(async () => {
  topic = await createTopic(reader, 4);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ close }) => close()));
});

const unique = (count: number) => Array.from({ length: count }, () => ({ value: randomUUID() }));
const valuesOf = (records: readonly { value: string }[]) => records.map(({ value }) => value).sort();
/** Reads these records from the topic, ignoring others. */
const found = async (records: readonly { value: string }[], from = topic) => {
  const expected = new Set(records.map(({ value }) => value));
  return (await readTopic(reader, from)).filter(({ value }) => expected.has(value));
};
const perPartition = (records: readonly { partition: number }[]) =>
  [0, 1, 2, 3].map((partition) => records.filter((record) => record.partition === partition).length);

test('records without a key are spread evenly over all partitions, each written once', async () => {
  const log = open();
  const records = unique(400);
  // Many calls at once with one record each, as from HTTP requests.
  await Promise.all(records.map((record) => log.append(topic, [record])));
  const written = await found(records);
  expect(valuesOf(written)).toEqual(valuesOf(records));
  expect(perPartition(written)).toEqual([100, 100, 100, 100]);
});

test('records with the same key are written to one partition in order, from any process', async () => {
  const records = unique(20).map((record) => ({ ...record, key: 'room-7' }));
  for (const record of records) await open().append(topic, [record]);
  const written = await found(records);
  expect(written.map(({ value }) => value)).toEqual(records.map(({ value }) => value));
  expect(new Set(written.map(({ partition }) => partition)).size).toBe(1);
  expect(written[0]?.key).toBe('room-7');
});

test('different keys use different partitions', async () => {
  const records = unique(100).map((record, n) => ({ ...record, key: `room-${n}` }));
  await open().append(topic, records);
  for (const count of perPartition(await found(records))) expect(count).toBeGreaterThan(0);
});

test('a record with a partition is written to that partition', async () => {
  const records = unique(8).map((record, n) => ({ ...record, partition: n % 3 }));
  await open().append(topic, records);
  expect(perPartition(await found(records))).toEqual([3, 3, 2, 0]);
});

test('append with no records does not call the broker', async () => {
  await open().append('no-such-topic', []);
});

test('a large call is split into requests that the broker accepts', async () => {
  const records = Array.from({ length: 40 }, () => ({ value: randomUUID() + '€'.repeat(60_000), partition: 3 }));
  await open().append(topic, records);
  expect((await found(records)).map(({ value }) => value)).toEqual(records.map(({ value }) => value));
});

test('a missing topic or partition is an error, and nothing is created', async () => {
  const log = open();
  const missing = `missing-${randomUUID()}`;
  await expect(log.append(missing, unique(1))).rejects.toMatchObject({ code: 'broker_unavailable', retriable: true });
  const records = unique(2).map((record, n) => ({ ...record, partition: n * 4 }));
  await expect(log.append(topic, records)).rejects.toMatchObject({
    code: 'not_found',
    message: `topic ${topic} has no partition 4`,
    retriable: false,
  });
  expect(await withAdmin(reader, (admin) => admin.listTopics())).not.toContain(missing);
});

test('after partitions were added, every acknowledged record is written, also to the new ones', async () => {
  const grows = await createTopic(reader, 1);
  const log = open();
  const before = unique(3);
  await log.append(grows, before);
  await withAdmin(reader, (admin) => admin.createPartitions({ topicPartitions: [{ topic: grows, count: 4 }] }));
  const named = unique(4).map((record, partition) => ({ ...record, partition }));
  await log.append(grows, named);
  const spread = unique(8);
  await log.append(grows, spread);
  const written = await found([...before, ...named, ...spread], grows);
  expect(valuesOf(written)).toEqual(valuesOf([...before, ...named, ...spread]));
  expect(perPartition(await found(spread, grows))).toEqual([2, 2, 2, 2]);
});

test('a record that the broker rejects fails only its own call; later records are written once', async () => {
  const log = open();
  const tooLarge = { value: 'x'.repeat(2_000_000), partition: 0 };
  const failed = log.append(topic, [tooLarge]);
  await expect(failed).rejects.toMatchObject({ code: 'broker_unavailable' });
  const records = unique(40);
  await Promise.all(records.map((record) => log.append(topic, [record])));
  expect(valuesOf(await found(records))).toEqual(valuesOf(records));
});

test('append fails with `broker_unavailable` after the timeout if the broker does not answer', async () => {
  const nowhere = createKafka(loadConfig({ KAFKA_BROKERS: '127.0.0.1:1' }), quiet);
  const log = open(300, nowhere);
  await expect(log.append(topic, unique(1))).rejects.toMatchObject({
    code: 'broker_unavailable',
    message: 'The broker did not acknowledge in time',
    retriable: true,
  });
});
