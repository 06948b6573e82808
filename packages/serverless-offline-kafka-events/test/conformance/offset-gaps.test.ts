import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readRanges } from 'kafka-records/ranges';
import type kafkajs from 'kafkajs';
import { until } from '../kafka.ts';
import { text, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();
const PATIENCE_MS = 60_000;

const COMPACTED = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.0001',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '1',
  'delete.retention.ms': '0',
};

/** Sends with a new producer. */
const send = async (topic: string, messages: kafkajs.Message[]): Promise<void> => {
  const producer = kafka.client.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
};

/** The number of records that compaction has left. */
const remaining = async (topic: string): Promise<number> => {
  let count = 0;
  const range = { partition: 0, from: 0, to: await endOffset(topic) };
  await readRanges(kafka.client, topic, [range], ({ records }) => void (count += records.length));
  return count;
};

/** The high watermark of a topic with one partition. */
const endOffset = async (topic: string): Promise<number> => {
  const [offsets] = await kafka.admin.fetchTopicOffsets(topic);
  return Number(offsets?.high);
};

describe('a mapping', () => {
  test(
    'K-25 skips a record batch that compaction left empty, even if it covers many offsets',
    async () => {
      const topic = await kafka.topic(1, COMPACTED);
      const now = Date.now() - 10_000;
      // Each batch gets its own segment, by its timestamps. Compaction empties the last batch of a producer, but keeps it.
      await send(
        topic,
        Array.from({ length: 20_000 }, (_, n) => ({ key: 'same', value: `v${n}`, timestamp: `${now}` })),
      );
      await send(topic, [{ key: 'same', value: 'newest', timestamp: `${now + 1_000}` }]);
      await send(topic, [{ key: 'other', value: 'after the gap', timestamp: `${now + 2_000}` }]);
      await until('compaction', async () => (await remaining(topic)) === 2, PATIENCE_MS);
      const rig = await start({ Topics: [topic] });
      const ready = Date.now();
      const isAfterGap = ({ value }: { value?: string }): boolean => text(value) === 'after the gap';
      await until('the record after the gap', () => rig.records().some(isAfterGap), PATIENCE_MS);
      await until(
        'the commit',
        async () => (await kafka.committed(rig.groupId, topic))[0] === (await endOffset(topic)),
      );
      expect(Date.now() - ready).toBeLessThan(15_000);
    },
    2 * PATIENCE_MS,
  );
});

describe('a mapping on a topic with transactions', () => {
  let producers: kafkajs.Producer[] = [];
  const transactional = async (id: string): Promise<kafkajs.Producer> => {
    const producer = kafka.client.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    producers.push(producer);
    return producer;
  };
  beforeAll(() => {
    producers = [];
  });
  afterAll(async () => {
    await Promise.all(producers.map((it) => it.disconnect()));
  });

  test(
    'K-83 delivers the records of committed transactions and none of aborted ones, even if these overlap',
    async () => {
      const topic = await kafka.topic(1);
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((id) => transactional(`${topic}-${id}`)));
      if (!a || !b || !c) throw new Error('three producers');
      const [one, two, three] = [await a.transaction(), await b.transaction(), await c.transaction()];
      const send = (sender: kafkajs.Transaction | kafkajs.Producer, value: string, key?: Buffer) =>
        sender.send({ topic, messages: [{ value, key: key ?? null }] });
      // A key that looks like the marker of an aborted transaction.
      const marker = Buffer.from([0, 0, 0, 0]);
      await send(one, 'aborted-1', marker);
      await send(two, 'aborted-2');
      await send(three, 'committed-1');
      await send(one, 'aborted-3');
      await kafka.produce(topic, [{ value: 'plain-1', key: marker }]);
      await send(two, 'aborted-4', marker);
      await send(two, 'aborted-5');
      await two.abort();
      await send(one, 'aborted-6');
      await send(three, 'committed-2');
      await one.abort();
      await three.commit();
      const again = await a.transaction();
      await send(again, 'committed-3');
      await again.commit();
      await kafka.produce(topic, [{ value: 'plain-2' }]);
      const rig = await start({ Topics: [topic], BatchSize: 1 });
      await until(
        'the commit',
        async () => (await kafka.committed(rig.groupId, topic))[0] === (await endOffset(topic)),
      );
      expect(rig.records().map(({ value }) => text(value))).toEqual([
        'committed-1',
        'plain-1',
        'committed-2',
        'committed-3',
        'plain-2',
      ]);
    },
    2 * PATIENCE_MS,
  );

  test(
    'K-83 waits until an open transaction ends, and commits offsets after a transaction marker',
    async () => {
      const topic = await kafka.topic(1);
      const producer = await transactional(`${topic}-open`);
      const rig = await start({ Topics: [topic], MaximumBatchingWindowInSeconds: 0 });
      const open = await producer.transaction();
      await open.send({ topic, messages: [{ value: 'open' }] });
      await kafka.produce(topic, [{ value: 'later' }]);
      expect(rig.records()).toEqual([]);
      await open.commit();
      await until('both records', () => rig.records().length === 2, PATIENCE_MS);
      await until(
        'the commit',
        async () => (await kafka.committed(rig.groupId, topic))[0] === (await endOffset(topic)),
      );
      const aborted = await producer.transaction();
      await aborted.send({ topic, messages: [{ value: 'never' }] });
      await aborted.abort();
      await until(
        'the commit',
        async () => (await kafka.committed(rig.groupId, topic))[0] === (await endOffset(topic)),
      );
      expect(rig.records().map(({ value }) => text(value))).toEqual(['open', 'later']);
    },
    2 * PATIENCE_MS,
  );
});
