import type { Kafka } from 'kafkajs';
import { withChunks, type FetchDefinition, type FetchedPartition, type FetchRequest } from './fetch-response.ts';

/** kafkajs's connections to a cluster, which it keeps to itself, as far as they are used. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  /** Partitions by the node that leads them. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: readonly { topic: string; fromBeginning: boolean; partitions: readonly { partition: number }[] }[],
  ): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
}

/** kafkajs's connection to one broker. */
interface Broker {
  /** Asks for its own definition of a request, in the newest version that the broker knows. */
  lookupRequest(apiKey: number, definition: { readonly protocol: FetchDefinition }): unknown;
  fetch(request: FetchRequest & Readonly<Record<string, unknown>>): Promise<FetchAnswer>;
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

/** Fetches with responses that are decoded here, and leaves kafkajs as it is for everybody else. */
export const fetchChunks = (broker: Broker, request: Parameters<Broker['fetch']>[0]): Promise<FetchAnswer> => {
  const lookupRequest: Broker['lookupRequest'] = (apiKey, definition) =>
    broker.lookupRequest(apiKey, { ...definition, protocol: withChunks(definition.protocol) });
  return (Object.create(broker, { lookupRequest: { value: lookupRequest } }) as Broker).fetch(request);
};
