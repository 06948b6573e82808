import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { createTopics } from 'kafka-records/topics';
import { KafkaAdmin } from '../../lib/adapters/kafka/admin.ts';
import { KafkaRecordLog } from '../../lib/adapters/kafka/record-log.ts';
import { KafkaRecordReader } from '../../lib/adapters/kafka/record-reader.ts';
import { topicDefinitions } from '../../lib/config/topics.ts';
import { kafkaBrokers, quiet } from './services.ts';
import { until } from './until.ts';

/** A kafkajs client for the given brokers (default: the broker of the tests) that logs nothing. */
export const kafkaFor = (brokers = kafkaBrokers()): Kafka =>
  new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 8 } });

/** Reads and writes records with one admin connection, as a function does. */
export const openRecords = (kafka: Kafka, ackTimeoutMs = 5000) => {
  const admin = new KafkaAdmin(kafka);
  const log = new KafkaRecordLog(kafka, admin, { ackTimeoutMs, log: quiet });
  return {
    ...{ admin, log, reader: new KafkaRecordReader(kafka, admin) },
    close: async (): Promise<void> => void (await Promise.all([log.close(), admin.close()])),
  };
};

export const withAdmin = async <T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

/**
 * Resolves when consumer groups have a coordinator: a new broker creates the topic for offsets at the first request,
 * and rejects requests until then.
 */
export const coordinatorAnswers = (brokers: string): Promise<void> =>
  withAdmin(kafkaFor(brokers), async (admin) => {
    const fetchAll = () =>
      Promise.all(
        Array.from({ length: 100 }, (_, n) => admin.fetchOffsets({ groupId: `coordinator-${n}`, topics: [] })),
      );
    await until('every group has a coordinator', () =>
      fetchAll().then(
        () => true,
        () => false,
      ),
    );
  });

/** Creates a topic, by default with a unique name. */
export const createTopic = async (
  kafka: Kafka,
  numPartitions: number,
  { topic = `test-${randomUUID()}`, config = {} }: { topic?: string; config?: Record<string, string> } = {},
): Promise<string> => {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await withAdmin(kafka, (admin) => createTopics(admin, [{ topic, numPartitions, configEntries }]));
  return topic;
};

/** Creates the platform's topics under names that begin with `prefix`. */
export const createPlatformTopics = (
  kafka: Kafka,
  prefix: string,
  layout: Parameters<typeof topicDefinitions>[0],
): Promise<void> =>
  withAdmin(kafka, (admin) =>
    createTopics(
      admin,
      topicDefinitions(layout).map(({ topic, partitions }) => ({ topic: prefix + topic, numPartitions: partitions })),
    ),
  );

/**
 * Commits offsets for a consumer group. kafkajs's `setOffsets` does the same but takes 5 s, since it ends with a fetch
 * that waits for records.
 */
export const commitOffsets = (
  kafka: Kafka,
  groupId: string,
  topic: string,
  partitions: readonly { partition: number; offset: string }[],
): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const areCommitted = async () => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const offsets = new Map(found?.partitions.map(({ partition, offset }) => [partition, offset]));
      return partitions.every(({ partition, offset }) => offsets.get(partition) === offset);
    };
    // A consumer that had to rejoin the group has lost its seeks: repeat until the offsets are committed.
    await until(`the offsets of ${groupId} are committed`, async () => {
      await seekAll(kafka, groupId, topic, partitions);
      return areCommitted();
    });
  });

const seekAll = async (
  kafka: Kafka,
  groupId: string,
  topic: string,
  partitions: readonly { partition: number; offset: string }[],
): Promise<void> => {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.fetch', () => void consumer.stop().then(resolve, reject));
      consumer.run({ eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() }).catch(reject);
      consumer.pause([{ topic }]); // no records are needed
      for (const each of partitions) consumer.seek({ topic, ...each }); // commits
    });
  } finally {
    await consumer.disconnect();
  }
};

export interface ReadRecord {
  partition: number;
  offset: number;
  key: string | undefined;
  value: string;
}

/** All current records of a topic, in order per partition. */
export const readTopic = async (kafka: Kafka, topic: string): Promise<ReadRecord[]> => {
  const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  const missing = new Map(ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, high]));
  const records: ReadRecord[] = [];
  if (missing.size === 0) return records;
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}` });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) reject(payload.error); // otherwise kafkajs retries, as with a loading coordinator
      });
      consumer
        .run({
          eachMessage: async ({ partition, message }) => {
            const { offset, key, value } = message;
            records.push({ partition, offset: Number(offset), key: key?.toString(), value: value?.toString() ?? '' });
            if (Number(offset) + 1 >= Number(missing.get(partition))) missing.delete(partition);
            if (missing.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
};
