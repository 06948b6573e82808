import { bucketOf } from '../domain/bucket.ts';
import { groupByBucket, type BucketBatch, type LoggedReaction } from '../domain/counting.ts';
import type { RoomCounts } from '../domain/frame.ts';
import { newestUpTo, type Span, type Spans, type StreamRecord } from '../domain/stream.ts';
import type { WindowSettings } from '../domain/window.ts';
import type { BucketOutcome, CountStore, ProgressMap } from '../ports.ts';
import { portionsOf } from './portions.ts';

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

interface Options {
  buckets: Iterable<number>;
  settings: WindowSettings;
  now: number;
  /** See `CountStore.apply`. */
  recount?: boolean;
}

type Store = Pick<CountStore, 'apply' | 'buckets'>;

/**
 * Redis executes nothing else while it applies a bucket's batch, which takes it about 5 µs for each tap with an
 * `event_id` and for each room. A bucket with more of them gets the batch in portions of this many records.
 */
const MOST_AT_ONCE = 1000;

const sizeOf = ({ partitions }: BucketBatch): number =>
  [...partitions.values()].reduce((sum, { rooms, identified }) => sum + rooms.size + identified.length, 0);

/** The latest counts of each room, in the order in which they were read. */
const mergeRooms = (rooms: readonly RoomCounts[]): RoomCounts[] => {
  const merged = new Map<string, RoomCounts>();
  for (const counts of rooms) {
    const { windows = [] } = merged.get(counts.room) ?? {};
    const newer = new Set(counts.windows.map(({ start }) => start));
    merged.set(counts.room, {
      ...counts,
      windows: [...windows.filter(({ start }) => !newer.has(start)), ...counts.windows],
    });
  }
  return [...merged.values()];
};

/** Applies batches, then the rest of those that were partly counted before. */
const applyAll = async (
  store: Store,
  batch: TapBatch,
  grouped: readonly BucketBatch[],
  { settings, now, recount = false }: Omit<Options, 'buckets'>,
): Promise<Applied> => {
  const applied: Applied = { rooms: [], refused: [] };
  for (let open = grouped; open.length > 0;) {
    const rest: BucketBatch[] = [];
    for (const outcome of await store.apply(open, now, recount)) {
      if (outcome.state !== 'counted') applied.refused.push(outcome);
      else {
        applied.rooms.push(...outcome.rooms);
        if (isRecreatedTopic(batch, outcome.partial))
          applied.refused.push({ bucket: outcome.bucket, state: 'topic_recreated' });
        else if (outcome.partial.size > 0) {
          const { taps, spans } = restBehind(batch, outcome.partial);
          rest.push(...groupByBucket(taps, spans, [outcome.bucket], { ...settings, total: store.buckets }));
        }
      }
    }
    open = rest;
  }
  return applied;
};

/** Applies a batch to some buckets, each of which may have counted a part of it before. */
export const applyTaps = async (store: Store, batch: TapBatch, options: Options): Promise<Applied> => {
  const group = ({ taps, spans }: TapBatch, buckets: Iterable<number>) =>
    groupByBucket(taps, spans, buckets, { ...options.settings, total: store.buckets });
  const grouped = group(batch, options.buckets);
  const large = new Set(grouped.flatMap((each) => (sizeOf(each) > MOST_AT_ONCE ? [each.bucket] : [])));
  const small = grouped.filter(({ bucket }) => !large.has(bucket));
  const { rooms, refused } = await applyAll(store, batch, small, options);
  for (const portion of large.size > 0 ? portionsOf(batch, MOST_AT_ONCE) : []) {
    const applied = await applyAll(store, portion, group(portion, large), options);
    rooms.push(...applied.rooms);
    refused.push(...applied.refused);
    for (const { bucket } of applied.refused) large.delete(bucket);
  }
  const isRefused = new Set(refused.map(({ bucket }) => bucket));
  return { rooms: mergeRooms(rooms.filter(({ room }) => !isRefused.has(bucketOf(room, store.buckets)))), refused };
};
