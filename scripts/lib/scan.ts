import { randomUUID } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import type { Broker } from './services.ts';

export interface StoredRecord {
  partition: number;
  offset: number;
  /** ms */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
}

/** Partition → offset; partitions that are not listed are not read. */
type Positions = ReadonlyMap<number, number>;

/**
 * Calls `each` for the present records of a topic, one by one, in order per partition, until it returns false. Commits
 * nothing.
 * @param from the offsets to begin at; by default the whole topic is read
 */
export async function scan(
  { kafka, admin }: Broker,
  topic: string,
  each: (record: StoredRecord) => unknown,
  from?: Positions,
): Promise<void> {
  const next = new Map<number, number>();
  const ends = new Map<number, number>();
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
    const start = Math.max(Number(low), from ? (from.get(partition) ?? Infinity) : 0);
    if (start >= Number(high)) continue;
    next.set(partition, start);
    ends.set(partition, Number(high));
  }
  if (next.size === 0) return;
  const consumer = kafka.consumer({ groupId: `scan-${randomUUID()}`, maxWaitTimeInMs: 100 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: !from });
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) reject(payload.error); // kafkajs retries, for example while the coordinator is loading
      });
      let enough = false;
      const hand = async (partition: number, messages: readonly KafkaMessage[]): Promise<void> => {
        for (const { offset: text, timestamp, key, value } of messages) {
          const offset = Number(text);
          if (offset < (next.get(partition) ?? Infinity) || offset >= (ends.get(partition) ?? 0)) continue;
          next.set(partition, offset + 1);
          enough ||= (await each({ partition, offset, timestamp: Number(timestamp), key, value })) === false;
          if (enough) return;
        }
      };
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            if (enough) return;
            try {
              await hand(batch.partition, batch.messages);
              if (Number(batch.lastOffset()) + 1 >= (ends.get(batch.partition) ?? Infinity))
                ends.delete(batch.partition);
              if (enough || ends.size === 0) resolve();
            } catch (error) {
              enough = true;
              reject(error as Error);
            }
          },
        })
        .catch(reject);
      // Takes effect before the first fetch, because the consumer has not joined its group yet.
      for (const [partition, offset] of next) consumer.seek({ topic, partition, offset: String(offset) });
    });
  } finally {
    await consumer.disconnect();
  }
}

/** The record at an offset, or undefined when the topic does not have it. */
export async function recordAt(
  broker: Broker,
  topic: string,
  partition: number,
  offset: number,
): Promise<StoredRecord | undefined> {
  let found: StoredRecord | undefined;
  await scan(
    broker,
    topic,
    (record) => {
      if (record.offset === offset) found = record;
      return false;
    },
    new Map([[partition, offset]]),
  );
  return found;
}
