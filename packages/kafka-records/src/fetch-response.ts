import { ByteReader } from './byte-reader.ts';
import { decodeRecords } from './decode-records.ts';
import type { AbortedTransaction, Chunk } from './decode-records.ts';
import { fromMessageSet } from './message-set.ts';
import { areRecordBatches } from './record-batches.ts';

/** The parts of kafkajs's fetch request that are used here. */
export interface FetchRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}

/** kafkajs's definition of a fetch request: how one protocol version of it is encoded, and its response decoded. */
export type FetchDefinition = (target: { version: number }) => (request: FetchRequest) => {
  readonly response: { decode(data: Buffer): Promise<unknown>; parse(data: unknown): unknown };
};

/** One partition in a decoded fetch response. kafkajs passes `messages` on without reading it. */
export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly messages: { readonly chunk?: Chunk };
}
interface FetchData {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

/** The first protocol version with record batches. */
const FIRST_WITH_RECORD_BATCHES = 4;

/**
 * Replaces kafkajs's decoding of fetch responses, which loses the end offset of batches without records and the order
 * of headers, may deliver records of aborted transactions, does not verify checksums, and supports only gzip.
 */
export const withChunks =
  (protocol: FetchDefinition): FetchDefinition =>
  (target) =>
  (request) => {
    const original = protocol(target)(request);
    if (target.version < FIRST_WITH_RECORD_BATCHES) return original;
    const decode = async (data: Buffer): Promise<unknown> =>
      (await decodeResponse(data, target.version, request)) ??
      fromMessageSets((await original.response.decode(data)) as FetchData);
    return { ...original, response: { ...original.response, decode } };
  };

/** Returns `undefined` if the response has message sets, the format of old brokers. */
const decodeResponse = async (data: Buffer, version: number, request: FetchRequest): Promise<unknown> => {
  const reader = new ByteReader(data);
  const throttleTime = reader.int32();
  if (version >= 7) reader.position += 6; // error code and session id of incremental fetches, unused by kafkajs
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
            const from = requestedOffset(request, topicName, partition.partition);
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

const requestedOffset = ({ topics }: FetchRequest, topic: string, partition: number): number => {
  // The request of kafkajs may contain a topic several times.
  const requested = topics.flatMap((it) => (it.topic === topic ? it.partitions : []));
  return Number(requested.find((it) => it.partition === partition)?.fetchOffset ?? 0);
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
