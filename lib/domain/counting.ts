import type { Reaction } from './reaction.ts';
import { place, type WindowSettings } from './window.ts';

/** A tap and where it stands in the stream. `partition` is `topic-partition`, as in the Lambda event. */
export interface LoggedReaction {
  partition: string;
  offset: number;
  reaction: Reaction;
}

/** start of the window (ms since the epoch) → emoji → taps */
type WindowCounts = Map<number, Map<string, number>>;

/** What one topic partition of a batch adds to one room: the taps at its offsets `first` to `last`. */
export interface PartitionCounts {
  first: number;
  last: number;
  late: number;
  windows: WindowCounts;
}

/** What a batch adds to one room, `topic-partition` → counts. The unit that is applied atomically. */
export interface RoomBatch {
  room: string;
  partitions: Map<string, PartitionCounts>;
}

const getOrCreate = <K, V>(map: Map<K, V>, key: K, create: () => V): V => {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
};

const add = (counts: PartitionCounts, { offset, reaction }: LoggedReaction, settings: WindowSettings): void => {
  counts.last = offset;
  const placement = place(reaction, settings);
  if (placement.late) {
    counts.late += reaction.count;
    return;
  }
  const emojis = getOrCreate(counts.windows, placement.start, () => new Map<string, number>());
  emojis.set(reaction.emoji_type, (emojis.get(reaction.emoji_type) ?? 0) + reaction.count);
};

/** Groups taps by room and partition. Within a partition the taps must come in ascending offset order. */
export const countByRoom = (taps: Iterable<LoggedReaction>, settings: WindowSettings): Map<string, RoomBatch> => {
  const rooms = new Map<string, RoomBatch>();
  for (const tap of taps) {
    const room = tap.reaction.room_id;
    const batch = getOrCreate(rooms, room, () => ({ room, partitions: new Map<string, PartitionCounts>() }));
    const counts = getOrCreate(batch.partitions, tap.partition, () => ({
      first: tap.offset,
      last: tap.offset,
      late: 0,
      windows: new Map() as WindowCounts,
    }));
    add(counts, tap, settings);
  }
  return rooms;
};

/** The windows and emojis that a batch touches, whether or not they are counted again. */
export const touched = (batch: RoomBatch): Map<number, Set<string>> => {
  const windows = new Map<number, Set<string>>();
  for (const counts of batch.partitions.values())
    for (const [start, emojis] of counts.windows) {
      const names = getOrCreate(windows, start, () => new Set<string>());
      for (const emoji of emojis.keys()) names.add(emoji);
    }
  return windows;
};
