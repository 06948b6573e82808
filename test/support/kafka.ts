import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { createTopics } from 'kafka-records/topics';
import { topicDefinitions } from '../../lib/config/topics.ts';
import { kafkaBrokers } from './services.ts';
import { until } from './until.ts';

/** A client for the given brokers (default: those of the tests) that logs nothing. */
export const kafkaFor = (brokers = kafkaBrokers()): Kafka =>
  new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 8 } });

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
 * Resolves when groups of consumers have a coordinator, wherever it is: a new broker makes the topic for it when the
 * first one is asked for, and refuses meanwhile.
 */
export const coordinatorAnswers = (brokers: string): Promise<void> =>
  withAdmin(kafkaFor(brokers), async (admin) => {
    const ask = () =>
      Promise.all(Array.from({ length: 100 }, (_, n) => admin.fetchOffsets({ groupId: `asks-${n}`, topics: [] })));
    await until('every group has a coordinator', () =>
      ask().then(
        () => true,
        () => false,
      ),
    );
  });

/** Creates a topic; without a name, one of a name that nobody else has. */
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
 * Has a group of consumers commit the offsets of partitions, as kafkajs's `setOffsets` does, which takes 5 s for it: it
 * ends with a fetch, and lets that wait for records.
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
    // A consumer that had to join again has forgotten where it should seek.
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
      consumer.pause([{ topic }]); // nothing is to be read
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

/** Everything that stands in a topic now, in order per partition. */
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
        if (!payload.restart) reject(payload.error); // a coordinator that is still loading is asked again
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
