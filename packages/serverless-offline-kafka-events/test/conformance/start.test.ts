import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { read } from '../broker-rig.ts';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import type { Rig } from '../mapping-rig.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start: startAny } = useRigs();
/** No batching window, which does not matter for these tests. */
const start: typeof startAny = (properties, ...rest) =>
  startAny({ MaximumBatchingWindowInSeconds: 0, ...properties }, ...rest);

const values = (rig: Rig): string[] => rig.records().map(({ value }) => text(value));
const grouped = (ConsumerGroupId: string) => ({ AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId } });

describe('a mapping', () => {
  test('K-26 with TRIM_HORIZON reads existing records, with LATEST those produced after the ready line', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(4, 2));
    const all = await start({ Topics: [topic], StartingPosition: 'TRIM_HORIZON' });
    const late = await start({ Topics: [topic], StartingPosition: 'LATEST' });
    await kafka.produce(topic, [{ value: 'new', partition: 0 }]);
    await until('all records', () => all.records().length === 5);
    await until('the new record', () => late.records().length === 1);
    expect(values(late)).toEqual(['new']);
  });

  test('K-26 with TRIM_HORIZON starts at the first record that is not deleted', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(5, 1));
    // deleteTopicRecords of kafkajs needs the leader of the partition, which this call looks up.
    await kafka.admin.fetchTopicOffsets(topic);
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    const rig = await start({ Topics: [topic] });
    await until('the other records', () => rig.records().length === 2);
    expect(rig.records().map(({ offset }) => offset)).toEqual([3, 4]);
  });

  test('K-27 with AT_TIMESTAMP starts at the first record at or after that time, given in seconds', async () => {
    const topic = await kafka.topic(2);
    const at = (seconds: number, value: string) => ({ value, partition: 0, timestamp: String(seconds * 1000) });
    const now = Math.floor(Date.now() / 1000) - 100;
    await kafka.produce(topic, [at(now, 'before'), at(now + 10, 'at'), at(now + 20, 'after')]);
    await kafka.produce(topic, [{ value: 'old', partition: 1, timestamp: String(now * 1000) }]);
    const rig = await start({
      Topics: [topic],
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: now + 10,
    });
    await kafka.produce(topic, [{ value: 'new', partition: 1 }]);
    await until('three records', () => rig.records().length === 3);
    expect(values(rig).sort()).toEqual(['after', 'at', 'new']);
  });

  test('K-30 resumes at the committed offsets of an existing group, for any starting position', async () => {
    const topic = await kafka.topic(1);
    const group = grouped(`g-${randomUUID()}`);
    await kafka.produce(topic, numbered(3, 1));
    const first = await start({ Topics: [topic], ...group });
    await until('the commit', async () => (await kafka.committed(first.groupId, topic))[0] === 3);
    await first.stop();
    await kafka.produce(topic, [{ value: 'while stopped' }]);
    const second = await start({ Topics: [topic], StartingPosition: 'LATEST', ...group });
    await until('the record', () => second.records().length === 1);
    expect(values(second)).toEqual(['while stopped']);
  });

  test('K-30 with LATEST delivers records that were produced between its first and its second run', async () => {
    const topic = await kafka.topic(1);
    const group = grouped(`g-${randomUUID()}`);
    await kafka.produce(topic, numbered(3, 1));
    const first = await start({ Topics: [topic], StartingPosition: 'LATEST', ...group });
    await first.stop();
    await kafka.produce(topic, [{ value: 'while stopped' }]);
    const second = await start({ Topics: [topic], StartingPosition: 'LATEST', ...group });
    await until('the record', () => second.records().length === 1);
    expect(values(second)).toEqual(['while stopped']);
  });

  test('K-28 with LATEST commits its starting offsets before the ready line, so that a crash loses no record', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(5, 2));
    const groupId = `g-${randomUUID()}`;
    const reader = read(testBrokers(), topic, { groupId, startingPosition: { kind: 'LATEST' } });
    await until('the ready line', () => reader.ready());
    expect(await kafka.committed(groupId, topic)).toEqual([3, 2]);
    await reader.stop();
  });

  test('K-31 reads a partition from its first record if its group has committed offsets for others only', async () => {
    const topic = await kafka.topic(1);
    const group = grouped(`g-${randomUUID()}`);
    await kafka.produce(topic, numbered(1, 1));
    const first = await start({ Topics: [topic], ...group });
    await until('the commit', async () => (await kafka.committed(first.groupId, topic))[0] === 1);
    await first.stop();
    await kafka.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    // Uses the metadata, because the broker rejects requests for the offsets of a new partition for a moment.
    await until('the partition', async () => {
      const { topics } = await kafka.admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length === 2;
    });
    // A producer that connected before silently drops records for the new partition.
    const fresh = new TestKafka();
    await fresh.connect();
    await fresh.produce(topic, [{ value: 'new partition', partition: 1 }]);
    await fresh.disconnect();
    const second = await start({ Topics: [topic], StartingPosition: 'LATEST', ...group });
    await until('the record', () => second.records().length === 1);
    expect(values(second)).toEqual(['new partition']);
  });

  test('K-29 K-33 gets every record if it has its own group, and shares partitions with mappings in the same group', async () => {
    const topic = await kafka.topic(4);
    const group = grouped(`g-${randomUUID()}`);
    const alone = await start({ Topics: [topic] });
    const one = await start({ Topics: [topic], ...group });
    const two = await start({ Topics: [topic], ...group }, () => null);
    const shares = (rig: Rig): boolean => rig.lines.some((line) => line.includes(', 2 partitions,'));
    await until('both have partitions', () => shares(one) && shares(two));
    await kafka.produce(topic, numbered(40, 4));
    await until(
      'all records',
      () => alone.records().length === 40 && one.records().length + two.records().length >= 40,
    );
    const partitions = (rig: Rig): Set<number> => new Set(rig.records().map(({ partition }) => partition));
    expect(partitions(one).size).toBe(2);
    expect(partitions(two).size).toBe(2);
    expect(new Set([...values(one), ...values(two)]).size).toBe(40);
  });
});
