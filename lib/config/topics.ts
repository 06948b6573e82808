/**
 * Every Kafka topic of the platform: name, partitions and retention, defined once. The functions and `serverless.yml`
 * (through `infra/serverless.js`) read them from here.
 */

const HOUR = 60 * 60 * 1000;

/** Taps, spread evenly. A spike (a goal) is over before pollers scale, so the partitions are provisioned for it. */
export const REACTION_TOPIC = 'emoji_topic';
/** The consumer group of aggregate; records before its committed offsets are counted. */
export const REACTION_GROUP = 'aggregate';
/** Frames, keyed by room. */
export const UPDATE_TOPIC = 'main_emoji_topic';
/** Records that could not be parsed, with topic, partition, offset and the reason. */
export const DEAD_LETTER_TOPIC = 'emoji_dead_letter';

export const clusterTopic = (cluster: number): string => `cluster_${cluster}_emoji`;

/** How long a tap can be read again. Counts and offsets in Redis must be kept longer. */
export const REACTION_RETENTION_MS = 24 * HOUR;

/**
 * Number of buckets in which rooms are counted, each in its own slot of a Redis Cluster. Changing it makes everything
 * in the topic be counted again.
 */
export const BUCKETS = 64;

export interface TopicDefinition {
  topic: string;
  partitions: number;
  retentionMs: number;
  /** Topic settings, by Kafka's names. */
  config: Record<string, string>;
}

/** With three brokers or more, an acknowledged record is on at least two of them. */
export const DURABLE = { replicas: 3, config: { 'min.insync.replicas': '2' } } as const;

const EACH = { 'unclean.leader.election.enable': 'false' };
/** The time that an event_id is remembered is measured by the broker's append time, which no producer can set. */
const TAPS = { ...EACH, 'message.timestamp.type': 'LogAppendTime' };

export const topicDefinitions = ({
  clusters,
  subscribersPerCluster,
}: {
  clusters: number;
  subscribersPerCluster: number;
}): TopicDefinition[] => [
  { topic: REACTION_TOPIC, partitions: 4, retentionMs: REACTION_RETENTION_MS, config: TAPS },
  { topic: UPDATE_TOPIC, partitions: 4, retentionMs: HOUR, config: EACH },
  ...Array.from({ length: clusters }, (_, cluster) => ({
    topic: clusterTopic(cluster),
    partitions: subscribersPerCluster,
    retentionMs: HOUR,
    config: EACH,
  })),
  { topic: DEAD_LETTER_TOPIC, partitions: 1, retentionMs: 7 * 24 * HOUR, config: EACH },
];

/** The cluster of a topic, the inverse of `clusterTopic`. */
export const clusterOf = (topic: string): number => Number(topic.split('_')[1]);
