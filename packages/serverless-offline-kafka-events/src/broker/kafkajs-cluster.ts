import type { Kafka } from 'kafkajs';
import type { FetchedPartition } from './kafkajs-fetch.ts';

/** kafkajs's connections to a cluster, which it keeps to itself, as far as they are used. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  /** Partitions by the node that leads them. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<{ fetch(request: object): Promise<FetchAnswer> }>;
  fetchTopicsOffset(
    topics: readonly { topic: string; fromBeginning: boolean; partitions: readonly { partition: number }[] }[],
  ): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
}

interface FetchAnswer {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

const METADATA_MAX_AGE_MS = 30_000;

/** Not connected. */
export const openCluster = (client: Kafka): Cluster => {
  const create = Object.getOwnPropertySymbols(client).find((it) => it.description === 'private:Kafka:createCluster');
  if (create === undefined) throw new Error('kafkajs has changed: it has no private:Kafka:createCluster');
  const factories = client as unknown as Record<symbol, (options: object) => Cluster>;
  return (factories[create] as (options: object) => Cluster)({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    isolationLevel: 1,
  });
};
