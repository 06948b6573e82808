import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { kafkaBrokers } from './services.ts';

/** A client for the given brokers (default: those of the tests) that keeps its thoughts to itself. */
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

/** Creates a topic of a name that nobody else has. */
export const createTopic = (kafka: Kafka, numPartitions: number): Promise<string> => {
  const topic = `test-${randomUUID()}`;
  return withAdmin(kafka, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
    return topic;
  });
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
