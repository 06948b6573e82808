import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';

import { createTopic } from '../test/kafka.ts';
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
const brokers = process.env['KAFKA_BROKERS']?.split(',');
if (!brokers) throw new Error('KAFKA_BROKERS must be set to host:port');
export const BROKERS: readonly string[] = brokers;

export const client: Kafka = new kafkajs.Kafka({
  brokers: [...brokers],
  clientId: 'bench',
  logLevel: kafkajs.logLevel.NOTHING,
});

const CHUNK = 10_000;

/** Creates a topic with `records` small records, each with an eight-byte key and a JSON value of about 100 bytes. */
export const filledTopic = async (partitions: number, records: number): Promise<string> => {
  const topic = `bench-${randomUUID()}`;
  const admin = client.admin();
  const producer = client.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  await createTopic(admin, topic, partitions);
  const padding = 'x'.repeat(40);
  for (let sent = 0; sent < records; sent += CHUNK) {
    const messages = Array.from({ length: Math.min(CHUNK, records - sent) }, (_, n) => ({
      key: `u${String(sent + n).padStart(7, '0')}`,
      value: `{"user_id":"u${sent + n}","emoji_type":"🔥","padding":"${padding}"}`,
      partition: (sent + n) % partitions,
    }));
    await producer.send({ topic, messages });
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return topic;
};

export const deleteTopic = async (topic: string): Promise<void> => {
  const admin = client.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
};
