import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';

/** Errors for a partition whose leader the broker does not know yet, or whose log it has not created yet. */
const NOT_READY = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

/** kafkajs wraps the last error when its retries are used up. */
const isNotReady = (error: unknown): boolean =>
  error instanceof Error && (NOT_READY.has((error as { type?: string }).type ?? '') || isNotReady(error.cause));

/**
 * Creates missing topics, and resolves when every partition of the given topics accepts records.
 *
 * A busy broker announces a partition before it has created its log. If records were sent then, that partition would
 * reject them while others accept theirs, and kafkajs would send all again: duplicates. Offset requests need the log.
 * @param withinMs it rejects when the broker still has partitions that are not ready after this time
 */
export const createTopics = async (
  admin: Pick<Admin, 'createTopics' | 'fetchTopicOffsets'>,
  topics: ITopicConfig[],
  withinMs = 30_000,
): Promise<void> => {
  const end = performance.now() + withinMs;
  await admin.createTopics({ topics, waitForLeaders: false });
  for (const { topic } of topics) {
    for (let isReady = false; !isReady;) {
      try {
        await admin.fetchTopicOffsets(topic);
        isReady = true;
      } catch (cause) {
        if (!isNotReady(cause)) throw cause;
        if (performance.now() > end) throw new Error(`topic ${topic} accepts no records yet`, { cause });
        await sleep(20);
      }
    }
  }
};
