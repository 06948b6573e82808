import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import type { TopicRecord } from './topic-counts.ts';

/** partition → the offset after its last record */
export type Ends = ReadonlyMap<number, number>;

/** Reads `emoji_topic` with its own consumer, independently of the platform. */
export interface TopicReader {
  /** The current end of each partition. */
  ends(): Promise<Ends>;
  /** Reads all records from `from` (partitions not in it: from their beginning) to the current end. */
  read(from: Ends): Promise<TopicRecord[]>;
}

const READ_MS = 60_000;

export const topicReader = (brokers: string): TopicReader => {
  const kafka = kafkaFor(brokers);
  const ends = () =>
    withAdmin(kafka, async (admin) => {
      const offsets = await admin.fetchTopicOffsets(REACTION_TOPIC);
      return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
    });
  return {
    ends,
    async read(from) {
      const to = await ends();
      const missing = new Set(
        [...to].flatMap(([partition, end]) => (end > (from.get(partition) ?? 0) ? [partition] : [])),
      );
      return missing.size === 0 ? [] : readRange(kafka, from, to, missing);
    },
  };
};

async function readRange(kafka: Kafka, from: Ends, to: Ends, missing: Set<number>): Promise<TopicRecord[]> {
  const records = new Map<string, TopicRecord>();
  const consumer = kafka.consumer({ groupId: `topic-counts-${randomUUID()}`, maxWaitTimeInMs: 100 });
  let failure: Error | undefined;
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) failure = payload.error;
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: REACTION_TOPIC, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch: { partition, messages } }) => {
        for (const { offset, timestamp, value } of messages) {
          const at = Number(offset);
          if (at < (from.get(partition) ?? 0) || at >= (to.get(partition) ?? 0)) continue;
          const text = value?.toString() ?? '';
          records.set(`${partition} ${offset}`, { partition, offset: at, timestamp: Number(timestamp), value: text });
        }
        if (Number(messages.at(-1)?.offset ?? -1) + 1 >= (to.get(partition) ?? 0)) missing.delete(partition);
        return Promise.resolve();
      },
    });
    for (const [partition, offset] of from) consumer.seek({ topic: REACTION_TOPIC, partition, offset: `${offset}` });
    await until(
      'the topic is read',
      () => {
        if (failure) throw failure;
        return missing.size === 0;
      },
      READ_MS,
    );
  } finally {
    await consumer.disconnect();
  }
  return [...records.values()];
}
