import { createTopics as createMissing } from '#kafka-records/topics';
import type { Admin } from 'kafkajs';
import type { TopicSpec } from './port.ts';

/** Creates missing topics, with the broker's default replication, and adds partitions to topics that have fewer. */
export const createTopics = async (admin: Admin, topics: readonly TopicSpec[]): Promise<void> => {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ topic }) => !existing.has(topic));
  if (missing.length > 0) {
    // If another process creates a topic meanwhile, that is not an error.
    await createMissing(
      admin,
      missing.map(({ topic, partitions, retentionMs, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: -1,
        configEntries: Object.entries({
          ...(retentionMs === undefined ? {} : { 'retention.ms': String(retentionMs) }),
          ...config,
        }).map(([name, value]) => ({ name, value })),
      })),
    );
  }
  const present = topics.filter(({ topic }) => existing.has(topic));
  if (present.length === 0) return;
  const metadata = await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) });
  const tooSmall = present.filter(
    ({ topic, partitions }) =>
      (metadata.topics.find((it) => it.name === topic)?.partitions.length ?? partitions) < partitions,
  );
  if (tooSmall.length > 0) {
    await admin.createPartitions({
      topicPartitions: tooSmall.map(({ topic, partitions }) => ({ topic, count: partitions })),
    });
  }
};
