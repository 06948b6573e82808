import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';

/** What a broker answers about a partition whose leader it does not know, or whose log it does not have yet. */
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

const takesRecords = async (admin: Admin, topic: string): Promise<boolean> => {
  try {
    await admin.fetchTopicOffsets(topic);
    return true;
  } catch (error) {
    if (NOT_YET.has((error as { type?: string }).type ?? '')) return false;
    throw error;
  }
};

/**
 * Creates topics and resolves when each of their partitions takes records; one that exists stays as it is.
 *
 * A busy broker tells of a partition before it has its log. A record that is sent then is refused while those of other
 * partitions are taken, and kafkajs sends all of them again: duplicates. Offsets are answered from the logs themselves.
 */
export const createTopics = async (admin: Admin, topics: ITopicConfig[]): Promise<void> => {
  await admin.createTopics({ topics, waitForLeaders: false });
  for (const { topic } of topics) while (!(await takesRecords(admin, topic))) await sleep(20);
};
