import { ByteReader } from './byte-reader.ts';
import { decodeRecords } from './decode-records.ts';
import type { AbortedTransaction, Chunk } from './decode-records.ts';
import { fromMessageSet } from './message-set.ts';
import { areRecordBatches } from './record-batches.ts';

/** What kafkajs is asked to fetch, as far as it is used. */
export interface FetchRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}

/** How kafkajs writes a fetch request of one version of the protocol, and reads the response. */
export type FetchDefinition = (target: { version: number }) => (request: FetchRequest) => {
  readonly response: { decode(data: Buffer): Promise<unknown>; parse(data: unknown): unknown };
};

/** One partition of a fetch response, as kafkajs passes it on. kafkajs itself looks at nothing in `messages`. */
export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly messages: { readonly chunk?: Chunk };
}
interface FetchData {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

/** The first version with record batches. */
const RECORD_BATCHES = 4;

/**
 * kafkajs forgets where a batch ends that holds no records, keeps parts of aborted transactions, loses the order of
 * headers, does not look at checksums and knows gzip alone. With this definition of the request in place of its own the
 * responses are decoded here instead.
 */
export const withChunks =
  (protocol: FetchDefinition): FetchDefinition =>
  (target) =>
  (request) => {
    const original = protocol(target)(request);
    if (target.version < RECORD_BATCHES) return original;
    const decode = async (data: Buffer): Promise<unknown> =>
      (await decodeResponse(data, target.version, request)) ??
      fromMessageSets((await original.response.decode(data)) as FetchData);
    return { ...original, response: { ...original.response, decode } };
  };

/** `undefined` when an old broker sent message sets. */
const decodeResponse = async (data: Buffer, version: number, request: FetchRequest): Promise<unknown> => {
  const reader = new ByteReader(data);
  const throttleTime = reader.int32();
  if (version >= 7) reader.position += 6; // error code and session of incremental fetches, which kafkajs never asks for
  const responses = reader.array(() => ({
    topicName: reader.string(),
    partitions: reader.array(() => partitionOf(reader, version)),
  }));
  if (responses.some(({ partitions }) => partitions.some(({ bytes }) => !areRecordBatches(bytes)))) return undefined;
  return {
    ...(version >= 8 ? { throttleTime: 0, clientSideThrottleTime: throttleTime } : { throttleTime }),
    responses: await Promise.all(
      responses.map(async ({ topicName, partitions }) => ({
        topicName,
        partitions: await Promise.all(
          partitions.map(async ({ bytes, aborted, ...partition }) => {
            const from = offsetAsked(request, topicName, partition.partition);
            const chunk = await decodeRecords({ partition: partition.partition, from, bytes, aborted });
            return { ...partition, abortedTransactions: [], messages: Object.assign([], { chunk }) };
          }),
        ),
      })),
    ),
  };
};

const partitionOf = (reader: ByteReader, version: number) => {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = String(reader.int64());
  const lastStableOffset = String(reader.int64());
  if (version >= 5) reader.position += 8; // log start offset
  const aborted = reader.array((): AbortedTransaction => {
    const producerId = reader.int64();
    return { producerId, firstOffset: Number(reader.int64()) };
  });
  const preferredReadReplica = version >= 11 ? reader.int32() : -1;
  const size = reader.int32();
  const bytes = size > 0 ? reader.bytes(size) : Buffer.alloc(0);
  return { partition, errorCode, highWatermark, lastStableOffset, aborted, preferredReadReplica, bytes };
};

const offsetAsked = ({ topics }: FetchRequest, topic: string, partition: number): number => {
  // kafkajs may name a topic several times.
  const asked = topics.flatMap((it) => (it.topic === topic ? it.partitions : []));
  return Number(asked.find((it) => it.partition === partition)?.fetchOffset ?? 0);
};

const fromMessageSets = ({ responses, ...data }: FetchData): FetchData => ({
  ...data,
  responses: responses.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map((it) => ({
      ...it,
      messages: Object.assign([], { chunk: fromMessageSet(it.partition, it.messages as never) }),
    })),
  })),
});
