import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { KafkaRecordReader } from '../../lib/adapters/kafka/record-reader.ts';
import { commitOffsets, createTopic, kafkaFor, withAdmin } from '../support/kafka.ts';

const kafka: Kafka = kafkaFor();
const reader = new KafkaRecordReader(kafka);
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
afterAll(() => reader.close());

const read = async (ranges: Parameters<typeof reader.read>[1]) => {
  const offsets = new Map<string, number[]>();
  await reader.read(topic, ranges, async ({ records }) => {
    for (const [partition, entries] of Object.entries(records)) {
      const known = offsets.get(partition) ?? [];
      offsets.set(partition, known);
      for (const { offset, value } of entries) {
        const text = Buffer.from(value, 'base64').toString();
        expect(text.startsWith(`${partition.at(-1)} ${offset} `)).toBe(true);
        known.push(offset);
      }
    }
  });
  return offsets;
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const range = (partition: number, from: number, to: number) => ({ partition: `${topic}-${partition}`, from, to });

test('reads each range exactly, in order per partition, in chunks', async () => {
  const offsets = await read([range(0, 17, RECORDS - 3), range(1, 5, 6)]);
  expect(offsets.get(`${topic}-0`)).toEqual(numbers(17, RECORDS - 3));
  expect(offsets.get(`${topic}-1`)).toEqual([5]);
});

test('what the topic does not hold is left out', async () => {
  expect(await read([range(2, 0, 10)])).toEqual(new Map());
  const offsets = await read([range(1, RECORDS - 2, RECORDS + 50)]);
  expect(offsets.get(`${topic}-1`)).toEqual([RECORDS - 2, RECORDS - 1]);
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(topic); // kafkajs has to know the topic
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '100' }] });
  });
  expect((await read([range(1, 90, 103)])).get(`${topic}-1`)).toEqual([100, 101, 102]);
});

test('an error of whoever takes the records ends the read, and is theirs', async () => {
  const broken = new Error('no more');
  await expect(reader.read(topic, [range(0, 0, 10)], () => Promise.reject(broken))).rejects.toBe(broken);
});

test('what a group has committed, and how many partitions there are', async () => {
  const groupId = `group-${randomUUID()}`;
  expect(await reader.committed(groupId, topic)).toEqual(new Map());
  await commitOffsets(kafka, groupId, topic, [{ partition: 1, offset: '7' }]);
  expect(await reader.committed(groupId, topic)).toEqual(new Map([[`${topic}-1`, 7]]));
  expect(await reader.partitions(topic)).toBe(3);
});

test('it leaves no consumer group behind', async () => {
  await read([range(0, 0, 1)]);
  const { groups } = await withAdmin(kafka, (admin) => admin.listGroups());
  const described = await withAdmin(kafka, (admin) =>
    admin.describeGroups(groups.map(({ groupId }) => groupId).filter((id) => id.startsWith('recount-'))),
  );
  expect(described.groups.flatMap(({ members }) => members)).toEqual([]);
});
