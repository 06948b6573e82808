/**
 * Every Kafka topic of the platform: name, partitions and retention, written once. The functions and `serverless.yml`
 * (through `infra/serverless.js`) read them from here.
 */

const HOUR = 60 * 60 * 1000;

/** Taps, spread evenly. A goal's spike is over before pollers scale, so the partitions are provisioned for it. */
export const REACTION_TOPIC = 'emoji_topic';
/** The consumer group that counts them; what it has committed is counted. */
export const REACTION_GROUP = 'aggregate';
/** Frames, keyed by room. */
export const UPDATE_TOPIC = 'main_emoji_topic';
/** Records that could not be parsed: where they stood, why, and what they held. */
export const DEAD_LETTER_TOPIC = 'emoji_dead_letter';

export const clusterTopic = (cluster: number): string => `cluster_${cluster}_emoji`;

/** How long a tap can be read again; counts and offsets in Redis must outlive it. */
export const REACTION_RETENTION_MS = 24 * HOUR;

/**
 * Rooms are counted in so many buckets, each with its own slot of a Redis Cluster. Another number begins with empty
 * buckets: everything that the topic holds is counted again.
 */
export const BUCKETS = 64;

export interface TopicDefinition {
  topic: string;
  partitions: number;
  retentionMs: number;
  /** Further settings, by Kafka's names. */
  config: Record<string, string>;
}

/** On a cluster of three brokers or more: what was acknowledged is on two, and none that lacks it becomes leader. */
export const DURABLE = { replicas: 3, config: { 'min.insync.replicas': '2' } } as const;

const EACH = { 'unclean.leader.election.enable': 'false' };
/** How long an event_id is remembered is measured by the broker's own time, which no producer can set. */
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

/** The cluster of a topic's name, the opposite of `clusterTopic`. */
export const clusterOf = (topic: string): number => Number(topic.split('_')[1]);
