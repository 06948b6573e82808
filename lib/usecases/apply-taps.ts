import { groupByBucket, type LoggedReaction } from '../domain/counting.ts';
import type { RoomCounts } from '../domain/frame.ts';
import { newestUpTo, type Span, type Spans, type StreamRecord } from '../domain/stream.ts';
import type { WindowSettings } from '../domain/window.ts';
import type { BucketOutcome, CountStore, ProgressMap } from '../ports.ts';

/** Records, the taps in them, and the offset ranges that these records cover completely. */
export interface TapBatch {
  records: readonly StreamRecord[];
  taps: readonly LoggedReaction[];
  spans: Spans;
}

export interface Applied {
  /** The rooms with taps in the batch, from the buckets that have counted the whole batch. */
  rooms: RoomCounts[];
  /** The buckets that have not counted it, with the reason. */
  refused: Exclude<BucketOutcome, { state: 'counted' }>[];
}

/** The rest of a batch, for partitions of which the first part had been counted before. */
const restBehind = ({ records, taps, spans }: TapBatch, partial: ProgressMap): TapBatch => ({
  records,
  taps: taps.filter(({ topicPartition, offset }) => offset > (partial.get(topicPartition)?.offset ?? Infinity)),
  spans: new Map(
    [...partial].flatMap(([name, { offset }]): [string, Span][] => {
      const span = spans.get(name);
      return span ? [[name, { ...span, first: offset + 1 }]] : [];
    }),
  ),
});

/** Records at counted offsets that are newer than all counted records: the topic was deleted and created again. */
const isRecreatedTopic = ({ records }: TapBatch, partial: ProgressMap): boolean =>
  [...partial].some(([name, { offset, newest }]) => newestUpTo(records, name, offset) > newest);

/**
 * Applies a batch to some buckets, each of which may have counted a part of it before.
 * @param recount see `CountStore.apply`
 */
export const applyTaps = async (
  store: Pick<CountStore, 'apply' | 'buckets'>,
  batch: TapBatch,
  {
    buckets,
    settings,
    now,
    recount = false,
  }: { buckets: Iterable<number>; settings: WindowSettings; now: number; recount?: boolean },
): Promise<Applied> => {
  const applied: Applied = { rooms: [], refused: [] };
  let open: { batch: TapBatch; buckets: Iterable<number> }[] = [{ batch, buckets }];
  while (open.length > 0) {
    const grouped = open.flatMap((part) =>
      groupByBucket(part.batch.taps, part.batch.spans, part.buckets, { ...settings, total: store.buckets }),
    );
    open = [];
    for (const outcome of await store.apply(grouped, now, recount)) {
      if (outcome.state !== 'counted') applied.refused.push(outcome);
      else {
        applied.rooms.push(...outcome.rooms);
        if (isRecreatedTopic(batch, outcome.partial))
          applied.refused.push({ bucket: outcome.bucket, state: 'topic_recreated' });
        else if (outcome.partial.size > 0)
          open.push({ batch: restBehind(batch, outcome.partial), buckets: [outcome.bucket] });
      }
    }
  }
  return applied;
};
