import type { Admin } from 'kafkajs';
import { clusterTopic, REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { until } from '../support/until.ts';

/** Consumer groups and their topics, in the order in which a tap passes them. */
const HOPS = [
  ['aggregate', REACTION_TOPIC],
  ['cluster-fanout', UPDATE_TOPIC],
  ['subscriber-fanout-0', clusterTopic(0)],
  ['subscriber-fanout-1', clusterTopic(1)],
] as const;

const hasReadAll = async (admin: Admin, groupId: string, topic: string): Promise<boolean> => {
  const [ends, committed] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  const at = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  // The offset is -1 when the group has committed nothing: then only an empty partition is read completely.
  return ends.every(({ partition, high }) => Math.max(0, at.get(partition) ?? 0) >= Number(high));
};

/**
 * Resolves when every consumer group has committed all records of its topic: nothing is being processed, and no record
 * will be delivered again.
 */
export const drained = (brokers: string, timeoutMs: number): Promise<void> =>
  withAdmin(kafkaFor(brokers), async (admin) => {
    const deadline = Date.now() + timeoutMs;
    for (const [groupId, topic] of HOPS)
      await until(
        `${groupId} has read all of ${topic}`,
        () => hasReadAll(admin, groupId, topic),
        deadline - Date.now(),
      );
  });
