import type { Admin } from 'kafkajs';

const fetchCounts = async (admin: Admin, topics: string[]): Promise<Map<string, number>> => {
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
};

/** Topic → number of partitions, for those of the topics that exist. */
export const partitionCounts = async (admin: Admin, topics: readonly string[]): Promise<Map<string, number>> => {
  const existing = new Set(await admin.listTopics());
  const wanted = topics.filter((topic) => existing.has(topic));
  return wanted.length === 0 ? new Map() : fetchCounts(admin, wanted);
};

/**
 * The number of partitions of one topic. It requests no other topic, because kafkajs fails when any partition of the
 * requested topics has no leader.
 * @throws when the topic does not exist
 */
export const partitionCountOf = async (admin: Admin, topic: string): Promise<number> => {
  const count = (await fetchCounts(admin, [topic])).get(topic);
  if (!count) throw new Error(`topic ${topic} has no partitions`);
  return count;
};
