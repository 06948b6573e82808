import { REACTION_TOPIC } from '../config/topics.ts';
import type { OffsetRange, Span, StreamRecord } from '../domain/stream.ts';
import { spansOf } from '../domain/stream.ts';
import type { WindowSettings } from '../domain/window.ts';
import type { Logger } from '../log.ts';
import type { Clock, CountStore, ProgressMap, RecordReader, StreamChunk } from '../ports.ts';
import { applyTaps } from './apply-taps.ts';
import type { tapReader } from './read-taps.ts';

interface Deps {
  store: CountStore;
  reader: Pick<RecordReader, 'read'>;
  readTaps: ReturnType<typeof tapReader>;
  clock: Clock;
  log: Logger;
  settings: WindowSettings;
}

/** Redis lost counts again during a recount: the progress has to be read again. */
export class CountsLost extends Error {
  override name = 'CountsLost';
  /** The result before that. */
  readonly until: CaughtUp;

  constructor(until: CaughtUp) {
    super('Redis lost counts while they were counted again');
    this.until = until;
  }
}

/** Result of a recount. A record that several buckets lacked is counted once. */
export interface CaughtUp {
  /** Records. Offsets without one (control records, compaction) are not among them. */
  recounted: number;
  /** Offsets that the topic no longer has: their taps can't be counted. */
  lost: number;
}

/** The offset range of each partition that at least one of the buckets lacks. */
export const missingRanges = (
  behind: ReadonlyMap<number, ProgressMap>,
  upTo: ReadonlyMap<string, number>,
): OffsetRange[] =>
  [...upTo].flatMap(([topicPartition, to]) => {
    const offsets = [...behind.values()].map((progress) => progress.get(topicPartition)?.offset ?? -1);
    const from = Math.min(...offsets) + 1;
    return from < to ? [{ topicPartition, from, to }] : [];
  });

/** The spans of the covered ranges; ranges without records have one too. */
const spansOfChunk = ({ records, covered }: { records: readonly StreamRecord[]; covered: readonly OffsetRange[] }) => {
  const held = spansOf(records);
  return new Map(
    covered.map(({ topicPartition, from, to }): [string, Span] => {
      const { newest = -1, appended = 0 } = held.get(topicPartition) ?? {};
      return [topicPartition, { first: from, last: to - 1, newest, appended }];
    }),
  );
};

const size = (ranges: readonly OffsetRange[]) => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/**
 * Counts the records again that some buckets lack, and nothing else. Records that can't be parsed are skipped: they were
 * written to the dead-letter topic when they were first read.
 * @param upTo for each partition, the offset after the last one to be counted
 * @throws CountsLost when Redis loses counts meanwhile.
 */
export const createCatchUp =
  ({ store, reader, readTaps, clock, log, settings }: Deps) =>
  async (behind: ReadonlyMap<number, ProgressMap>, upTo: ReadonlyMap<string, number>): Promise<CaughtUp> => {
    const ranges = missingRanges(behind, upTo);
    if (ranges.length === 0) return { recounted: 0, lost: 0 };
    log.warn('Redis has lost counts: their taps are counted again from the topic', {
      buckets: behind.size,
      ranges,
    });
    let [lost, recounted] = [0, 0];
    await reader.read(REACTION_TOPIC, ranges, async (chunk: StreamChunk) => {
      lost += size(chunk.lost);
      if (chunk.lost.length > 0)
        log.error('taps are lost: the topic no longer has these offsets', { ranges: chunk.lost });
      const batch = { records: chunk.records, taps: readTaps(chunk.records).taps, spans: spansOfChunk(chunk) };
      const applied = await applyTaps(store, batch, {
        ...{ buckets: behind.keys(), settings, now: clock(), recount: true },
      });
      if (applied.refused.length > 0) throw new CountsLost({ recounted: 0, lost });
      recounted += chunk.records.length;
    });
    return { recounted, lost };
  };
