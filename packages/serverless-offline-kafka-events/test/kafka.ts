import { randomUUID } from 'node:crypto';
import { createTopics } from 'kafka-records/topics';
import kafkajs from 'kafkajs';
import type { Admin, Message, Producer } from 'kafkajs';

/** The servers of the real broker that the tests use, from the environment. */
export const testBrokers = (): string[] => {
  const brokers = process.env['KAFKA_BROKERS'];
  if (!brokers) throw new Error('these tests need a Kafka broker: set KAFKA_BROKERS=host:port, or run `npm test`');
  return brokers.split(',');
};

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';

/** Creates a topic and resolves when each of its partitions accepts records. */
export const createTopic = (
  admin: Admin,
  topic: string,
  numPartitions = 1,
  configEntries: { name: string; value: string }[] = [],
): Promise<void> => createTopics(admin, [{ topic, numPartitions, replicationFactor: 1, configEntries }]);

/** A client for the tests in one file, which creates topics with unique names. */
export class TestKafka {
  readonly client = new kafkajs.Kafka({ brokers: testBrokers(), clientId: 'test', logLevel: kafkajs.logLevel.NOTHING });
  readonly admin: Admin = this.client.admin();
  readonly producer: Producer = this.client.producer({ allowAutoTopicCreation: false });

  async connect(): Promise<void> {
    await Promise.all([this.admin.connect(), this.producer.connect()]);
  }

  async disconnect(): Promise<void> {
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
  }

  async topic(partitions = 1, config: Record<string, string> = {}, topic = `t-${randomUUID()}`): Promise<string> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await createTopic(this.admin, topic, partitions, configEntries);
    return topic;
  }

  async produce(topic: string, messages: Message[]): Promise<void> {
    await this.producer.send({ topic, messages });
  }

  /** Committed offsets of a group by partition; -1 if there is none, or while the group's coordinator is loading. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const loading = [{ topic, partitions: [{ partition: 0, offset: '-1', metadata: null }] }];
    const [entry] = await this.admin.fetchOffsets({ groupId, topics: [topic] }).catch((error: { type?: string }) => {
      if (error.type === 'GROUP_LOAD_IN_PROGRESS' || error.type === 'NOT_COORDINATOR_FOR_GROUP') return loading;
      throw error as Error;
    });
    const partitions = [...(entry?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
    return partitions.map(({ offset }) => Number(offset));
  }
}

/** A probe that takes longer (ms) means that the machine stood still: a paused virtual machine, a stepped clock. */
const MOST_PER_PROBE_MS = 5000;

/**
 * Calls `probe` every 20 ms until it returns a value other than false or undefined. Rejects after `ms`, of which a
 * standstill of the machine counts as 5 s.
 */
export const until = async <T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 180_000,
): Promise<T> => {
  let left = ms;
  for (;;) {
    const began = performance.now();
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (left <= 0) throw new Error(`waited ${ms} ms for ${what}, which did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    left -= Math.min(performance.now() - began, MOST_PER_PROBE_MS);
  }
};
