import { bucketOf } from './bucket.ts';
import type { Reaction } from './reaction.ts';
import type { Span, Spans } from './stream.ts';
import { assignWindow, type WindowSettings } from './window.ts';

/** A tap and its position in the topic. */
export interface LoggedReaction {
  topicPartition: string;
  offset: number;
  /** Append time set by the broker (ms); 0 when only the producer's time is known, which is not trusted. */
  appended: number;
  reaction: Reaction;
}

/** What taps without an `event_id` add to a room. */
export interface RoomTaps {
  late: number;
  /** start of the window (ms since the epoch) → emoji → taps */
  windows: Map<number, Map<string, number>>;
}

/** A tap with an `event_id`, which counts only if the id has not been counted before. */
export interface IdentifiedTap {
  /** The room, the user and the `event_id`. */
  id: string;
  room: string;
  /** Start of the window; a late tap has none. */
  start: number | undefined;
  emoji: string;
  count: number;
  appended: number;
}

/** What one range of a topic partition adds to the rooms of a bucket. */
export interface PartitionBatch extends Span {
  rooms: Map<string, RoomTaps>;
  /** In offset order. */
  identified: IdentifiedTap[];
}

/** What a batch adds to one bucket, `topic-partition` → counts. Applied atomically. */
export interface BucketBatch {
  bucket: number;
  partitions: Map<string, PartitionBatch>;
}

const getOrCreate = <K, V>(map: Map<K, V>, key: K, create: () => V): V => {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
};

const add = (part: PartitionBatch, { reaction, appended }: LoggedReaction, settings: WindowSettings): void => {
  const { room_id: room, emoji_type: emoji, count, user_id, event_id } = reaction;
  const assigned = assignWindow(reaction, settings);
  const start = assigned.late ? undefined : assigned.start;
  if (event_id !== undefined) {
    // No part contains a space. The same event_id of another user, or in another room, is a different id.
    part.identified.push({ id: `${room} ${user_id} ${event_id}`, room, start, emoji, count, appended });
    return;
  }
  const taps = getOrCreate(part.rooms, room, () => ({ late: 0, windows: new Map<number, Map<string, number>>() }));
  if (start === undefined) {
    taps.late += count;
    return;
  }
  const emojis = getOrCreate(taps.windows, start, () => new Map<string, number>());
  emojis.set(emoji, (emojis.get(emoji) ?? 0) + count);
};

const emptyBatch = (bucket: number, spans: Spans): BucketBatch => ({
  bucket,
  partitions: new Map([...spans].map(([name, span]) => [name, { ...span, rooms: new Map(), identified: [] }])),
});

/**
 * Groups taps by the bucket of their room. Every bucket gets every span, because its progress must include offsets
 * without taps for it. Within a partition the taps must come in ascending offset order.
 * @param buckets the buckets to fill, out of `total`
 */
export const groupByBucket = (
  taps: Iterable<LoggedReaction>,
  spans: Spans,
  buckets: Iterable<number>,
  { total, ...settings }: WindowSettings & { total: number },
): BucketBatch[] => {
  const batches = new Map([...buckets].map((bucket) => [bucket, emptyBatch(bucket, spans)]));
  const byRoom = new Map<string, BucketBatch | undefined>();
  for (const tap of taps) {
    const room = tap.reaction.room_id;
    if (!byRoom.has(room)) byRoom.set(room, batches.get(bucketOf(room, total)));
    const part = byRoom.get(room)?.partitions.get(tap.topicPartition);
    if (part) add(part, tap, settings);
  }
  return [...batches.values()];
};

/**
 * The windows that a batch touches in each room, whether or not its taps count; rooms with only late taps have none.
 */
export const touchedWindows = ({ partitions }: BucketBatch): Map<string, Set<number>> => {
  const rooms = new Map<string, Set<number>>();
  const touch = (room: string, start: number | undefined) => {
    const starts = getOrCreate(rooms, room, () => new Set<number>());
    if (start !== undefined) starts.add(start);
  };
  for (const part of partitions.values()) {
    for (const [room, { windows }] of part.rooms) {
      touch(room, undefined);
      for (const start of windows.keys()) touch(room, start);
    }
    for (const { room, start } of part.identified) touch(room, start);
  }
  return rooms;
};
