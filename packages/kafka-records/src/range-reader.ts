import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { fetchChunks, openCluster, type Cluster } from './cluster.ts';
import type { Chunk } from './decode-records.ts';
import { RecordsError } from './errors.ts';

/** Offsets of one partition, `to` not included. */
export interface OffsetRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Records of one partition in offset order, perhaps none. Everything below `next` is read. */
export interface RangeChunk extends Chunk {
  readonly partition: number;
}

export interface RangeReaderOptions {
  /** How long nothing may come before reading fails, in milliseconds. Default: 20,000. */
  readonly stalledMs?: number;
  readonly signal?: AbortSignal;
}

/** The broker does not hold what was asked for: retention removed it, or it was never written. */
export class OffsetsMissing extends RecordsError {
  readonly partition: number;
  /** What the partition holds: from `low`, up to but not including `high`. */
  readonly low: number;
  readonly high: number;

  constructor(topic: string, { partition, from, to }: OffsetRange, low: number, high: number) {
    super(
      'OFFSETS_MISSING',
      `partition ${partition} of topic ${topic} holds the offsets from ${low} to below ${high}, ` +
        `not all from ${from} to below ${to}`,
    );
    this.partition = partition;
    this.low = low;
    this.high = high;
  }
}

const FETCH_WAIT_MS = 200;
/** A partition's end that was told by a broker that has just become its leader may be older than what was asked for. */
const END_PATIENCE_MS = 2_000;

/**
 * Reads ranges of a topic without a consumer group. `onChunk` is waited for and gets committed records only; offsets
 * without a record are stepped over. Broker restarts and changes of leaders are waited out.
 * @throws OffsetsMissing, RecordsError CODEC_MISSING, RECORDS_CORRUPT, AUTH_FAILED; BROKER_UNREACHABLE when nothing
 * came for `stalledMs`; what `onChunk` throws
 */
export const readRanges = async (
  client: Kafka,
  topic: string,
  ranges: readonly OffsetRange[],
  onChunk: (chunk: RangeChunk) => Promise<void> | void,
  { stalledMs = 20_000, signal }: RangeReaderOptions = {},
): Promise<void> => {
  /** One range of a partition at a time. */
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
        // A leader may have moved.
        if (connected) await cluster.refreshMetadata().catch(() => undefined); // asked again below
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
        } else if (high < range.to && range.from >= high && Date.now() - progressAt > END_PATIENCE_MS) {
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

/** One request to the leader of each partition. */
const fetchAll = async (
  cluster: Cluster,
  topic: string,
  open: ReadonlyMap<number, OffsetRange>,
): Promise<FetchedRange[]> => {
  const leaders = Object.entries(cluster.findLeaderForPartitions(topic, [...open.keys()]));
  const answers = await Promise.all(
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
  const found = answers.flat().flatMap(({ partition, highWatermark, messages: { chunk } }): FetchedRange[] => {
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
  const [answer] = await cluster.fetchTopicsOffset([{ topic, fromBeginning, partitions: [{ partition }] }]);
  return Number(answer?.partitions[0]?.offset ?? 0);
};
const lowOf = (cluster: Cluster, topic: string, partition: number): Promise<number> =>
  offsetOf(cluster, topic, partition, true);

/** What asking again does not cure. */
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
        return undefined; // the broker went away meanwhile: the same fetch says so again
      }
    }
  }
  return undefined;
};

const stalled = (topic: string, ms: number, cause?: unknown): RecordsError =>
  new RecordsError(
    'BROKER_UNREACHABLE',
    `nothing of topic ${topic} came for ${ms} ms${cause instanceof Error ? `: ${cause.message}` : ''}`,
    { cause },
  );
