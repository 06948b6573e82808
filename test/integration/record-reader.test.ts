import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { topicPartition, type OffsetRange, type StreamRecord } from '../../lib/domain/stream.ts';
import { commitOffsets, createTopic, kafkaFor, openRecords, withAdmin } from '../support/kafka.ts';
import { until } from '../support/until.ts';

const kafka: Kafka = kafkaFor();
const { reader, close } = openRecords(kafka);
const RECORDS = 30_000;
let topic: string;

beforeAll(async () => {
  topic = await createTopic(kafka, 3);
  const producer = kafka.producer();
  await producer.connect();
  for (const partition of [0, 1])
    for (let from = 0; from < RECORDS; from += 1000)
      await producer.send({
        topic,
        messages: Array.from({ length: 1000 }, (_, n) => ({
          partition,
          value: `${partition} ${from + n} ${'x'.repeat(80)}`,
        })),
      });
  await producer.disconnect();
});
afterAll(close);

const read = async (ranges: Parameters<typeof reader.read>[1]) => {
  const offsets = new Map<string, number[]>();
  await reader.read(topic, ranges, async ({ records }) => {
    for (const { partition, offset, value } of records) {
      const name = topicPartition(topic, partition);
      const known = offsets.get(name) ?? [];
      offsets.set(name, known);
      expect(Buffer.from(value ?? []).toString()).toMatch(new RegExp(`^${partition} ${offset} `));
      known.push(offset);
    }
  });
  return offsets;
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const range = (partition: number, from: number, to: number) => ({
  ...{ topicPartition: `${topic}-${partition}`, from, to },
});

test('reads each range exactly, in order per partition, in chunks', async () => {
  const offsets = await read([range(0, 17, RECORDS - 3), range(1, 5, 6)]);
  expect(offsets.get(`${topic}-0`)).toEqual(numbers(17, RECORDS - 3));
  expect(offsets.get(`${topic}-1`)).toEqual([5]);
});

test('records that the topic no longer has are left out', async () => {
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(topic); // kafkajs has to know the topic
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '100' }] });
  });
  expect((await read([range(1, 90, 103)])).get(`${topic}-1`)).toEqual([100, 101, 102]);
  expect(await read([range(1, 0, 100)])).toEqual(new Map());
});

test.each([
  ['beyond the end of a partition', 1, RECORDS - 2, RECORDS + 50],
  ['of an empty partition', 2, 0, 10],
])('offsets %s: the read fails at once with a retriable error and returns no records', async (_what, ...args) => {
  const taken: unknown[] = [];
  const reading = reader.read(topic, [range(...args)], async (chunk) => void taken.push(chunk));
  await expect(reading).rejects.toMatchObject({ code: 'broker_unavailable', retriable: true });
  expect(taken).toEqual([]);
});

test('the chunks cover each range without gaps and report ranges that the topic no longer has', async () => {
  const chunks: { covered: readonly OffsetRange[]; lost: readonly OffsetRange[] }[] = [];
  await reader.read(topic, [range(1, 20, 5000), range(0, 7, 8)], async ({ covered, lost }) => {
    chunks.push({ covered, lost });
  });
  const lost = chunks.flatMap((chunk) => chunk.lost);
  expect(lost).toEqual([range(1, 20, 100)]);
  const covered = chunks.flatMap((chunk) => chunk.covered).filter((each) => each.topicPartition === `${topic}-1`);
  expect(covered.map(({ from }) => from)).toEqual([20, ...covered.slice(0, -1).map(({ to }) => to)]);
  expect(covered.at(-1)?.to).toBe(5000);
});

test.each([
  ['LogAppendTime', true],
  ['CreateTime', false],
])('records of a topic with %s have their original key, value and timestamp', async (type, isAppendTime) => {
  const named = await createTopic(kafka, 1, { config: { 'message.timestamp.type': type } });
  const [key, value] = [Buffer.from([0x00, 0xff]), Buffer.from([0xc3, 0x28])];
  const sent = Date.now() - 60_000;
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic: named,
    messages: [
      { key, value, timestamp: String(sent) },
      { value: null, timestamp: String(sent) },
    ],
  });
  await producer.disconnect();
  const records: StreamRecord[] = [];
  const whole = { topicPartition: `${named}-0`, from: 0, to: 2 };
  await reader.read(named, [whole], async (chunk) => void records.push(...chunk.records));
  const common = { topic: named, partition: 0, timestamp: isAppendTime ? expect.any(Number) : sent, isAppendTime };
  expect(records).toEqual([
    { ...common, offset: 0, key, value },
    { ...common, offset: 1 },
  ]);
  if (isAppendTime) for (const { timestamp } of records) expect(timestamp).toBeGreaterThan(sent + 30_000);
});

test('an error of the callback ends the read and rejects with the same error', async () => {
  const broken = new Error('no more');
  await expect(reader.read(topic, [range(0, 0, 10)], () => Promise.reject(broken))).rejects.toBe(broken);
});

test('`committed` returns the offsets of a consumer group, `ends` the ends of the partitions', async () => {
  const groupId = `group-${randomUUID()}`;
  expect(await reader.committed(groupId, topic)).toEqual(new Map());
  await commitOffsets(kafka, groupId, topic, [{ partition: 1, offset: '7' }]);
  expect(await reader.committed(groupId, topic)).toEqual(new Map([[`${topic}-1`, 7]]));
  expect(await reader.ends(topic)).toEqual(
    new Map([0, 1, 2].map((partition) => [`${topic}-${partition}`, partition === 2 ? 0 : RECORDS])),
  );
});

test('reading leaves no consumer group behind', async () => {
  const groups = () =>
    withAdmin(kafka, async (admin) => {
      const listed = await admin.listGroups();
      return listed.groups.map(({ groupId }) => groupId);
    });
  // Tests that run at the same time also create groups, but not during every read.
  await until('a read adds no group', async () => {
    const before = new Set(await groups());
    await read([range(0, 0, 1)]);
    return (await groups()).every((groupId) => before.has(groupId));
  });
});
