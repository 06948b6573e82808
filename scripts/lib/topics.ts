import type { Admin } from 'kafkajs';
import { createTopics } from 'kafka-records/topics';
import { partitionCounts } from '../../lib/adapters/kafka/partition-counts.ts';
import {
  countBrokers,
  correctSettings,
  replicationFactor,
  settingsOf,
  topicProblems,
  type SettingProblem,
} from '../../lib/adapters/kafka/topic-settings.ts';
import type { TopicDefinition } from '../../lib/config/topics.ts';

/** Result for a topic. `had` is its former number of partitions: 0 if it was created. */
export interface Ensured {
  topic: string;
  had: number;
  partitions: number;
  /** Settings that were corrected. */
  changed: SettingProblem[];
}

/** Creates missing topics, adds missing partitions, and corrects settings. */
export async function ensureTopics(admin: Admin, definitions: readonly TopicDefinition[]): Promise<Ensured[]> {
  const counts = await partitionCounts(
    admin,
    definitions.map(({ topic }) => topic),
  );
  const missing = definitions.filter(({ topic }) => !counts.has(topic));
  const short = definitions.filter(({ topic, partitions }) => (counts.get(topic) ?? partitions) < partitions);
  if (missing.length > 0) {
    const brokers = await countBrokers(admin);
    await createTopics(
      admin,
      missing.map((definition) => ({
        topic: definition.topic,
        numPartitions: definition.partitions,
        replicationFactor: replicationFactor(brokers),
        configEntries: Object.entries(settingsOf(definition, brokers)).map(([name, value]) => ({ name, value })),
      })),
    );
  }
  if (short.length > 0) {
    await admin.createPartitions({
      topicPartitions: short.map(({ topic, partitions }) => ({ topic, count: partitions })),
    });
  }
  const problems = await topicProblems(
    admin,
    definitions.filter(({ topic }) => counts.has(topic)),
  );
  await correctSettings(admin, problems);
  return definitions.map(({ topic, partitions }) => {
    const had = counts.get(topic) ?? 0;
    const changed = problems.filter((problem) => problem.topic === topic);
    return { topic, had, partitions: Math.max(had, partitions), changed };
  });
}

export interface PartitionState {
  partition: number;
  /** Offset of the oldest available record. */
  first: number;
  /** Offset of the next record to be written. */
  end: number;
  /** Consumer group → number of records that it has not read. */
  lag: Map<string, number>;
}

/** The first and end offsets of a topic's partitions, and the lag of each group that has committed offsets for it. */
export async function describeTopic(
  admin: Admin,
  topic: string,
  groups: readonly string[],
): Promise<{ partitions: PartitionState[]; groups: string[] }> {
  const [offsets, committed] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    Promise.all(groups.map((groupId) => admin.fetchOffsets({ groupId, topics: [topic] }))),
  ]);
  const partitions = offsets
    .map(({ partition, low, high }) => ({ partition, first: Number(low), end: Number(high), lag: new Map() }))
    .sort((a, b) => a.partition - b.partition);
  const readers = groups.filter((group, n) => {
    const positions = new Map(committed[n]?.[0]?.partitions.map((each) => [each.partition, Number(each.offset)]));
    if (![...positions.values()].some((offset) => offset >= 0)) return false;
    for (const { partition, first, end, lag } of partitions)
      lag.set(group, Math.max(0, end - Math.max(first, positions.get(partition) ?? 0)));
    return true;
  });
  return { partitions, groups: readers };
}

export async function consumerGroups(admin: Admin): Promise<string[]> {
  const { groups } = await admin.listGroups();
  return groups.flatMap(({ groupId, protocolType }) => (protocolType === 'consumer' ? [groupId] : [])).sort();
}
