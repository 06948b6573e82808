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

/** Attempts per batch while Redis keeps losing counts. After that the batch fails and is delivered again. */
const ATTEMPTS = 8;

type Refused = Applied['refused'][number];

/** A bucket that is discarded has no progress: it is counted again from the beginning of the topic. */
const progressOf = (outcome: Refused): ProgressMap => (outcome.state === 'behind' ? outcome.progress : new Map());

/**
 * Counts each tap of the topic once, even if its batch is delivered again or with other boundaries. The counts are a
 * function of the topic. A bucket whose progress ends before the batch has lost counts; these are counted again from
 * the topic before the batch.
 */
export const createCounter = (deps: CounterDeps) => {
  const { store, records, reader, clock, log, settings, shortCodes } = deps;
  const readTaps = tapReader(shortCodes);
  const catchUp = createCatchUp({ ...deps, readTaps });
  const allBuckets = Array.from({ length: store.buckets }, (_, bucket) => bucket);

  const discard = async (outcomes: readonly Pick<BucketOutcome, 'bucket' | 'state'>[]): Promise<void> => {
    const reasons = {
      topic_recreated: 'the topic was deleted and created again: its taps are counted from its beginning',
      damaged: 'stored counts are damaged: they are counted again from the topic',
    };
    for (const { bucket, state } of outcomes) {
      if (state !== 'topic_recreated' && state !== 'damaged') continue;
      log.warn(reasons[state], { bucket });
      await store.discard(bucket);
    }
  };

  /** Publishes after each attempt, so that a bucket with missing counts does not delay the rooms of the others. */
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

  /** The committed records that each bucket lacks. Progress beyond the end of a partition is of a former topic. */
  const missingNow = async (): Promise<{ behind: Map<number, ProgressMap>; upTo: Map<string, number> }> => {
    // Read before the progress: a batch is committed only after it was counted.
    const committed = await reader.committed(REACTION_GROUP, REACTION_TOPIC);
    const before = await reader.ends(REACTION_TOPIC);
    const all = await store.progress([...before.keys()]);
    const isBeyond = (ends: ReadonlyMap<string, number>) => (progress: ProgressMap) =>
      [...ends].some(([name, end]) => (progress.get(name)?.offset ?? -1) >= end);
    // Records that were written and counted meanwhile are beyond the former ends, but not beyond the present ones.
    const ends = all.some(isBeyond(before)) ? await reader.ends(REACTION_TOPIC) : before;
    const beyond = all.flatMap((progress, bucket) =>
      isBeyond(ends)(progress) ? [{ bucket, state: 'topic_recreated' as const }] : [],
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
    /** Counts a batch of `emoji_topic` and publishes the counts of its rooms. */
    async count(batch: readonly StreamRecord[]): Promise<void> {
      const { taps, rejected } = readTaps(batch);
      await countBatch({ records: batch, taps, spans: spansOf(batch) });
      await setAside(records, log, rejected);
    },

    /** Counts the taps again whose counts the store has lost, without waiting for the next batch. */
    async recountLost(): Promise<CaughtUp> {
      const sum = { recounted: 0, lost: 0 };
      const buckets = await store.discardIncomplete(clock());
      if (buckets.length > 0) log.warn('Redis has evicted counts: these buckets are counted again', { buckets });
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

    /** Removes all counts, so that `recountLost` counts the whole topic. */
    async discardAll(): Promise<void> {
      for (const bucket of allBuckets) await store.discard(bucket);
    },
  };
};

export type Counter = ReturnType<typeof createCounter>;
