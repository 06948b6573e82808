import type { Admin } from 'kafkajs';
import { clusterTopic, REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { until } from '../support/until.ts';

/** Topics and who reads them, in the order in which a tap passes them. */
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
  // A group that has committed nothing stands at -1: it has read all of an empty partition only.
  return ends.every(({ partition, high }) => Math.max(0, at.get(partition) ?? 0) >= Number(high));
};

/**
 * Resolves when every hop has committed all that was written before it: nothing is under way any more, and nothing will
 * be delivered again.
 */
export const drained = (brokers: string, timeoutMs: number): Promise<void> =>
  withAdmin(kafkaFor(brokers), async (admin) => {
    const deadline = Date.now() + timeoutMs;
    for (const [group, topic] of HOPS)
      await until(`${group} has read all of ${topic}`, () => hasReadAll(admin, group, topic), deadline - Date.now());
  });
