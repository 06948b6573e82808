import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';

/** Errors for a partition whose leader the broker does not know yet, or whose log it has not created yet. */
const NOT_READY = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

const acceptsRecords = async (admin: Admin, topic: string): Promise<boolean> => {
  try {
    await admin.fetchTopicOffsets(topic);
    return true;
  } catch (error) {
    if (NOT_READY.has((error as { type?: string }).type ?? '')) return false;
    throw error;
  }
};

/**
 * Creates missing topics, and resolves when every partition of the given topics accepts records.
 *
 * A busy broker announces a partition before it has created its log. If records were sent then, that partition would
 * reject them while others accept theirs, and kafkajs would send all again: duplicates. Offset requests need the log.
 */
export const createTopics = async (admin: Admin, topics: ITopicConfig[]): Promise<void> => {
  await admin.createTopics({ topics, waitForLeaders: false });
  for (const { topic } of topics) while (!(await acceptsRecords(admin, topic))) await sleep(20);
};
