import { REACTION_GROUP, REACTION_TOPIC } from '../config/topics.ts';
import { spansOf, type StreamRecord } from '../domain/stream.ts';
import type { WindowSettings } from '../domain/window.ts';
import { PlatformError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { BucketOutcome, Clock, CountStore, ProgressMap, RecordLog, RecordReader } from '../ports.ts';
import { applyTaps, type Applied, type TapBatch } from './apply-taps.ts';
import { CountsLost, createCatchUp, missingRanges, type CaughtUp } from './catch-up.ts';
import { setAside } from './dead-letters.ts';
import { publishCounts } from './publish-counts.ts';
import { tapReader } from './read-taps.ts';

export interface CounterDeps {
  store: CountStore;
  records: RecordLog;
  reader: RecordReader;
  clock: Clock;
  log: Logger;
  settings: WindowSettings & { ratio: number };
  shortCodes: readonly string[];
}

/** A batch is tried so often when counts are lost again and again; then it is left to whoever delivers it again. */
const ATTEMPTS = 8;
/** So many taps with ids at once keep Redis busy for a few ms. */
const MAX_IDENTIFIED = 2000;

type Refused = Applied['refused'][number];

/** Nothing would be missing for a bucket of which nothing is trusted: it is counted from the topic's beginning. */
const progressOf = (outcome: Refused): ProgressMap => (outcome.state === 'behind' ? outcome.progress : new Map());

/**
 * Counts the stream of taps, each tap once, however often and with whatever boundaries its batch is delivered. What the
 * store holds is a function of the topic: a bucket that does not reach up to the batch has lost counts, and these are
 * counted again from the topic first.
 */
export const createCounter = (deps: CounterDeps) => {
  const { store, records, reader, clock, log, settings, shortCodes } = deps;
  const readTaps = tapReader(shortCodes);
  const catchUp = createCatchUp({ ...deps, readTaps });
  const allBuckets = Array.from({ length: store.buckets }, (_, bucket) => bucket);

  const discard = async (outcomes: readonly Pick<BucketOutcome, 'bucket' | 'state'>[]): Promise<void> => {
    const reasons = {
      other_topic: 'the topic was created anew: its taps are counted from its beginning',
      damaged: 'stored counts are damaged: they are counted again from the topic',
    };
    for (const { bucket, state } of outcomes) {
      if (state !== 'other_topic' && state !== 'damaged') continue;
      log.warn(reasons[state], { bucket });
      await store.discard(bucket);
    }
  };

  /** Publishes as buckets have counted, so that a bucket with missing counts does not keep the other rooms waiting. */
  const countBatch = async (batch: TapBatch): Promise<void> => {
    const before = new Map([...batch.spans].map(([name, { first }]) => [name, first]));
    let buckets = allBuckets;
    for (let attempt = 0; attempt < ATTEMPTS && buckets.length > 0; attempt++) {
      const { rooms, refused } = await applyTaps(store, batch, { buckets, settings, now: clock() });
      await publishCounts(records, rooms, settings, clock());
      buckets = refused.map(({ bucket }) => bucket);
      await discard(refused);
      const behind = new Map(refused.map((outcome) => [outcome.bucket, progressOf(outcome)]));
      await catchUp(behind, before).catch((error: unknown) => {
        if (!(error instanceof CountsLost)) throw error;
      });
    }
    if (buckets.length > 0)
      throw new PlatformError('store_unavailable', 'Redis lost counts repeatedly while a batch was counted');
  };

  /** What lies at or before the progress of a partition can't be newer than everything counted: then it is another topic. */
  const missingNow = async (): Promise<{ behind: Map<number, ProgressMap>; upTo: Map<string, number> }> => {
    // In this order: a batch is committed after it was counted.
    const [committed, ends] = [
      await reader.committed(REACTION_GROUP, REACTION_TOPIC),
      await reader.ends(REACTION_TOPIC),
    ];
    const all = await store.progress([...ends.keys()]);
    const beyond = all.flatMap((progress, bucket) =>
      [...ends].some(([name, end]) => (progress.get(name)?.offset ?? -1) >= end)
        ? [{ bucket, state: 'other_topic' as const }]
        : [],
    );
    await discard(beyond);
    const discarded = new Set(beyond.map(({ bucket }) => bucket));
    const upTo = new Map([...committed].map(([name, next]) => [name, Math.min(next, ends.get(name) ?? 0)]));
    const behind = new Map(all.map((progress, bucket) => [bucket, discarded.has(bucket) ? new Map() : progress]));
    for (const [bucket, progress] of behind)
      if (missingRanges(new Map([[bucket, progress]]), upTo).length === 0) behind.delete(bucket);
    return { behind, upTo };
  };

  return {
    /** Counts a batch of `emoji_topic` and publishes the state of the rooms that it touches. */
    async count(batch: readonly StreamRecord[]): Promise<void> {
      const { taps, rejected } = readTaps(batch);
      const identified = taps.filter(({ reaction }) => reaction.event_id !== undefined).length;
      const portions = identified > MAX_IDENTIFIED ? portionsOf(batch, MAX_IDENTIFIED) : [batch];
      const first = new Map<string, number>();
      for (const portion of portions) {
        const spans = spansOf(portion);
        for (const [name, span] of spans) {
          span.first = first.get(name) ?? span.first; // offsets without a record between two portions
          first.set(name, span.last + 1);
        }
        const covers = ({ topicPartition: name, offset }: { topicPartition: string; offset: number }) => {
          const span = spans.get(name);
          return span !== undefined && offset >= span.first && offset <= span.last;
        };
        await countBatch({ records: portion, taps: portions.length > 1 ? taps.filter(covers) : taps, spans });
      }
      await setAside(records, log, rejected);
    },

    /** Counts again what the store has lost of the taps that were counted before; they need not wait for the next tap. */
    async recountLost(): Promise<CaughtUp> {
      const sum = { recounted: 0, lost: 0 };
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { behind, upTo } = await missingNow();
        if (behind.size === 0) return sum;
        const { recounted, lost } = await catchUp(behind, upTo).catch((error: unknown) => {
          if (error instanceof CountsLost) return error.until;
          throw error;
        });
        sum.recounted += recounted;
        sum.lost += lost;
      }
      throw new PlatformError('store_unavailable', 'Redis lost counts repeatedly while a batch was counted');
    },

    /** Forgets all counts, so that `recountLost` counts everything that the topic holds. */
    async discardAll(): Promise<void> {
      for (const bucket of allBuckets) await store.discard(bucket);
    },
  };
};

export type Counter = ReturnType<typeof createCounter>;

const portionsOf = (batch: readonly StreamRecord[], most: number): StreamRecord[][] => {
  const portions: StreamRecord[][] = [];
  for (let from = 0; from < batch.length; from += most) portions.push(batch.slice(from, from + most));
  return portions;
};
