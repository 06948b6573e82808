import type { Kafka } from 'kafkajs';
import { withChunks, type FetchDefinition, type FetchedPartition, type FetchRequest } from './fetch-response.ts';

/** The parts of kafkajs's internal class Cluster that are used here. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  /** Partitions by the id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: readonly { topic: string; fromBeginning: boolean; partitions: readonly { partition: number }[] }[],
  ): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
}

/** The parts of kafkajs's internal class Broker that are used here. */
interface Broker {
  /** Returns the definition of a request in the newest version that the broker supports. */
  lookupRequest(apiKey: number, definition: { readonly protocol: FetchDefinition }): unknown;
  fetch(request: FetchRequest & Readonly<Record<string, unknown>>): Promise<FetchResponse>;
}

interface FetchResponse {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

const METADATA_MAX_AGE_MS = 30_000;

/** Creates the cluster without connecting it. */
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

/** Fetches with responses decoded by this package. Other users of kafkajs in the process are not affected. */
export const fetchChunks = (broker: Broker, request: Parameters<Broker['fetch']>[0]): Promise<FetchResponse> => {
  const lookupRequest: Broker['lookupRequest'] = (apiKey, definition) =>
    broker.lookupRequest(apiKey, { ...definition, protocol: withChunks(definition.protocol) });
  return (Object.create(broker, { lookupRequest: { value: lookupRequest } }) as Broker).fetch(request);
};
