import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { fetchChunks, openCluster, type Cluster } from './cluster.ts';
import type { Chunk } from './decode-records.ts';
import { RecordsError } from './errors.ts';

/** A range of offsets of one partition, from `from` up to but not including `to`. */
export interface OffsetRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Records of one partition in offset order; may be empty. All records of the range below `next` have been read. */
export interface RangeChunk extends Chunk {
  readonly partition: number;
}

export interface RangeReaderOptions {
  /** Reading fails if no data arrives for this time, in milliseconds. Default: 20,000. */
  readonly stalledMs?: number;
  readonly signal?: AbortSignal;
}

/** The broker does not have all requested offsets: retention deleted them, or they were never written. */
export class OffsetsMissing extends RecordsError {
  readonly partition: number;
  /** The partition has the offsets from `low` up to but not including `high`. */
  readonly low: number;
  readonly high: number;

  constructor(topic: string, { partition, from, to }: OffsetRange, low: number, high: number) {
    super(
      'OFFSETS_MISSING',
      `offsets ${from} up to (not including) ${to} of partition ${partition} of topic ${topic} were requested, ` +
        `but the partition has only offsets ${low} up to (not including) ${high}`,
    );
    this.partition = partition;
    this.low = low;
    this.high = high;
  }
}

const FETCH_WAIT_MS = 200;
/** A new leader may report an old high watermark for a moment: only after this time are offsets above it missing. */
const NEW_LEADER_MS = 2_000;

/**
 * Reads ranges of a topic without a consumer group, with isolation level `read_committed`. Waits for each `onChunk`
 * call. Offsets without a record are skipped. Broker restarts and leader changes are retried.
 * @throws OffsetsMissing, RecordsError CODEC_MISSING, RECORDS_CORRUPT, AUTH_FAILED; BROKER_UNREACHABLE if no data
 * arrived for `stalledMs`; errors of `onChunk`
 */
export const readRanges = async (
  client: Kafka,
  topic: string,
  ranges: readonly OffsetRange[],
  onChunk: (chunk: RangeChunk) => Promise<void> | void,
  { stalledMs = 20_000, signal }: RangeReaderOptions = {},
): Promise<void> => {
  /** The ranges being read, by partition: one range of each partition at a time. */
  const open = new Map<number, OffsetRange>();
  const waiting = ranges.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  const openNext = (): void => {
    for (const range of [...waiting]) {
      if (open.has(range.partition)) continue;
      open.set(range.partition, range);
      waiting.splice(waiting.indexOf(range), 1);
    }
  };
  openNext();
  if (open.size === 0) return;
  const cluster = openCluster(client);
  let progressAt = Date.now();
  let connected = false;
  try {
    for (let failures = 0; open.size > 0;) {
      signal?.throwIfAborted();
      let fetched: FetchedRange[] = [];
      try {
        if (!connected) await cluster.connect();
        await cluster.addTargetTopic(topic);
        connected = true;
        fetched = await fetchAll(cluster, topic, open);
        failures = 0;
      } catch (error) {
        const final = await finalError(error, cluster, topic, open);
        if (final) throw final;
        if (Date.now() - progressAt > stalledMs) throw stalled(topic, stalledMs, error);
        await sleep(Math.min(100 * 2 ** failures++, 1_000), undefined, { signal }).catch(() => undefined); // see above
        // The leader of a partition may have changed.
        if (connected) await cluster.refreshMetadata().catch(() => undefined); // the next fetch reports the error
        continue;
      }
      for (const { range, chunk, high } of fetched) {
        signal?.throwIfAborted();
        if (chunk.next > range.from) {
          const next = Math.min(chunk.next, range.to);
          const records = next < chunk.next ? chunk.records.filter(({ offset }) => offset < next) : chunk.records;
          await onChunk({ partition: range.partition, records, next });
          if (next < range.to) open.set(range.partition, { ...range, from: next });
          else {
            open.delete(range.partition);
            openNext();
          }
          progressAt = Date.now();
        } else if (high < range.to && range.from >= high && Date.now() - progressAt > NEW_LEADER_MS) {
          throw new OffsetsMissing(topic, range, await lowOf(cluster, topic, range.partition), high);
        }
      }
      if (Date.now() - progressAt > stalledMs) throw stalled(topic, stalledMs);
    }
  } finally {
    await cluster.disconnect();
  }
};

interface FetchedRange {
  readonly range: OffsetRange;
  readonly chunk: Chunk;
  readonly high: number;
}

/** Sends one fetch request to each broker that is the leader of a partition. */
const fetchAll = async (
  cluster: Cluster,
  topic: string,
  open: ReadonlyMap<number, OffsetRange>,
): Promise<FetchedRange[]> => {
  const leaders = Object.entries(cluster.findLeaderForPartitions(topic, [...open.keys()]));
  const fetched = await Promise.all(
    leaders.map(async ([nodeId, partitions]) => {
      const broker = await cluster.findBroker({ nodeId });
      const { responses } = await fetchChunks(broker, {
        maxWaitTime: FETCH_WAIT_MS,
        minBytes: 1,
        maxBytes: 10 * 1024 * 1024,
        isolationLevel: 1,
        topics: [
          {
            topic,
            partitions: partitions.map((partition) => ({
              partition,
              fetchOffset: String(open.get(partition)?.from ?? 0),
              maxBytes: 1024 * 1024,
            })),
          },
        ],
      });
      return responses.flatMap((it) => it.partitions);
    }),
  );
  const found = fetched.flat().flatMap(({ partition, highWatermark, messages: { chunk } }): FetchedRange[] => {
    const range = open.get(partition);
    return range && chunk ? [{ range, chunk, high: Number(highWatermark) }] : [];
  });
  if (found.length === 0) throw new Error(`no leader is known for partition ${[...open.keys()].join(', ')}`);
  return found;
};

const offsetOf = async (
  cluster: Cluster,
  topic: string,
  partition: number,
  fromBeginning: boolean,
): Promise<number> => {
  const [offsets] = await cluster.fetchTopicsOffset([{ topic, fromBeginning, partitions: [{ partition }] }]);
  return Number(offsets?.partitions[0]?.offset ?? 0);
};
const lowOf = (cluster: Cluster, topic: string, partition: number): Promise<number> =>
  offsetOf(cluster, topic, partition, true);

/** The error to throw if a retry cannot succeed; `undefined` for a retriable error. */
const finalError = async (
  error: unknown,
  cluster: Cluster,
  topic: string,
  open: ReadonlyMap<number, OffsetRange>,
): Promise<Error | undefined> => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RecordsError) return cause;
    if (cause.name === 'KafkaJSSASLAuthenticationError') {
      return new RecordsError('AUTH_FAILED', `SASL authentication failed: ${cause.message}`, { cause: error });
    }
    if (cause.name === 'KafkaJSOffsetOutOfRange' && 'partition' in cause) {
      const range = open.get(Number(cause.partition));
      if (!range) return undefined;
      try {
        const low = await lowOf(cluster, topic, range.partition);
        return new OffsetsMissing(topic, range, low, await offsetOf(cluster, topic, range.partition, false));
      } catch {
        return undefined; // the broker became unreachable: the fetch is retried
      }
    }
  }
  return undefined;
};

const stalled = (topic: string, ms: number, cause?: unknown): RecordsError =>
  new RecordsError(
    'BROKER_UNREACHABLE',
    `no data of topic ${topic} arrived for ${ms} ms${cause instanceof Error ? `: ${cause.message}` : ''}`,
    { cause },
  );
