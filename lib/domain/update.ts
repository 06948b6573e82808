import { z } from 'zod';
import { roomId } from './reaction.ts';

/** Longer than any that we write; the topic is open to other programs, and viewers get what stands in it. */
const time = z.iso.datetime().max(32);

/** The count of one emoji in one window of one room: cumulative, so the largest `raw_count` seen is the truth. */
export const updateSchema = z.object({
  room_id: roomId,
  start: time,
  end: time,
  emoji_type: z.string().min(1).max(64),
  raw_count: z.int().nonnegative(),
  scaled_count: z.int().nonnegative(),
  aggregation_ratio: z.int().positive(),
  final: z.literal(true).optional(),
});
export type Update = z.infer<typeof updateSchema>;

/** Counts of a room's window, as the store holds them. `start` in ms since the epoch. */
export interface WindowTotals {
  room: string;
  start: number;
  counts: ReadonlyMap<string, number>;
  final: boolean;
}

/** Everything one message tells the viewers of a room. `windowMs` lets any single message be read on its own. */
export interface Frame {
  windowMs: number;
  updates: readonly Update[];
}

export const scale = (rawCount: number, ratio: number): number => Math.ceil(rawCount / ratio);

/** The start and end of a window as ISO-8601 UTC. */
export const windowSpan = (start: number, windowMs: number) => ({
  start: new Date(start).toISOString(),
  end: new Date(start + windowMs).toISOString(),
});

export const toUpdates = (totals: WindowTotals, settings: { windowMs: number; ratio: number }): Update[] => {
  const span = windowSpan(totals.start, settings.windowMs);
  return [...totals.counts].map(([emoji, count]) => ({
    room_id: totals.room,
    ...span,
    emoji_type: emoji,
    raw_count: count,
    scaled_count: scale(count, settings.ratio),
    aggregation_ratio: settings.ratio,
    ...(totals.final ? { final: true as const } : {}),
  }));
};

/** What identifies a count; two updates with the same key tell of the same thing. */
const keyOf = (update: Update) => `${update.start} ${update.emoji_type}`;

/**
 * Merges updates by (room, window, emoji): the largest count wins, final stays final. The result does not depend on
 * the order or the number of times an update is given.
 */
export const mergeByRoom = (updates: Iterable<Update>): Map<string, Map<string, Update>> => {
  const rooms = new Map<string, Map<string, Update>>();
  for (const update of updates) {
    let room = rooms.get(update.room_id);
    if (!room) rooms.set(update.room_id, (room = new Map()));
    const key = keyOf(update);
    const known = room.get(key);
    room.set(key, known ? merge(known, update) : update);
  }
  return rooms;
};

/** Of two updates of the same count: counts only grow, so the larger one is the newer; final stays final. */
export const merge = (a: Update, b: Update): Update => {
  const larger = b.raw_count > a.raw_count ? b : a;
  return a.final || b.final ? { ...larger, final: true } : larger;
};
