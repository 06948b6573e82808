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

/** Taps of the same emoji, window and `count` that carry an `event_id`: which of them count depends on what is known. */
export interface IdentifiedTaps {
  /** Start of the window; late taps have none. */
  start: number | undefined;
  emoji: string;
  /** What each of them counts. */
  count: number;
  /** The user and the `event_id` → when the tap was received (ms). */
  received: Map<string, number>;
}

/** What one topic partition of a batch adds to one room: the taps at its offsets `first` to `last`. */
export interface PartitionCounts {
  first: number;
  last: number;
  /** Those without an `event_id`. */
  late: number;
  /** Those without an `event_id`. */
  windows: WindowCounts;
  identified: Map<string, IdentifiedTaps>;
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
  const { emoji_type: emoji, count, user_id, event_id } = reaction;
  const placement = place(reaction, settings);
  const start = placement.late ? undefined : placement.start;
  if (event_id !== undefined) {
    const group = getOrCreate(counts.identified, `${start} ${emoji} ${count}`, () => ({
      start,
      emoji,
      count,
      received: new Map<string, number>(),
    }));
    // Neither holds a space. Somebody else's id is no reason not to count this one.
    getOrCreate(group.received, `${user_id} ${event_id}`, () => Date.parse(reaction.received_at));
  } else if (start === undefined) {
    counts.late += count;
  } else {
    const emojis = getOrCreate(counts.windows, start, () => new Map<string, number>());
    emojis.set(emoji, (emojis.get(emoji) ?? 0) + count);
  }
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
      identified: new Map<string, IdentifiedTaps>(),
    }));
    add(counts, tap, settings);
  }
  return rooms;
};

/** The windows and emojis that a batch touches, whether or not they are counted again. */
export const touched = (batch: RoomBatch): Map<number, Set<string>> => {
  const windows = new Map<number, Set<string>>();
  const touch = (start: number, emoji: string) => getOrCreate(windows, start, () => new Set<string>()).add(emoji);
  for (const counts of batch.partitions.values()) {
    for (const [start, emojis] of counts.windows) for (const emoji of emojis.keys()) touch(start, emoji);
    for (const { start, emoji } of counts.identified.values()) if (start !== undefined) touch(start, emoji);
  }
  return windows;
};
