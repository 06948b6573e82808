import { z } from 'zod';
import { roomId } from './reaction.ts';

/** The maximum limits records of other programs, which viewers would receive; our times are shorter. */
const time = z.iso.datetime().max(32);
/** The maximum of `WINDOW_SECONDS`. */
const MAX_WINDOW_MS = 3_600_000;
const MAX_COUNTS = 4096;
const counts = z
  .record(z.string().min(1).max(64), z.int().nonnegative())
  .refine((each) => Object.keys(each).length <= MAX_COUNTS, `must hold at most ${MAX_COUNTS} emojis`);

/**
 * A message to the viewers of a room. It holds state, never differences, so it may be lost, repeated or late. Counts
 * and totals are cumulative: the largest value seen for a (window, emoji), or for the total of an emoji, is correct.
 */
export const frameSchema = z.object({
  v: z.literal(1),
  type: z.literal('counts'),
  room_id: roomId,
  window_ms: z.int().positive().max(MAX_WINDOW_MS),
  aggregation_ratio: z.int().positive(),
  windows: z.array(z.object({ start: time, final: z.literal(true).optional(), counts })).max(MAX_COUNTS),
  totals: counts,
  at: time,
});
export type Frame = z.infer<typeof frameSchema>;

/** The former format of these topics: one record per emoji. */
const formerUpdate = z.object({ room_id: z.string(), emoji_type: z.string(), raw_count: z.number() });

/** A record of `main_emoji_topic` and the cluster topics. Records in the former format are recognised and ignored. */
export const frameRecordSchema = z.union([frameSchema, formerUpdate.transform(() => undefined)]);

/** Stored counts of a room's window. `start` in ms since the epoch. */
export interface WindowCounts {
  start: number;
  counts: ReadonlyMap<string, number>;
  final: boolean;
}

/** A room's windows (some or all) and totals, read together. */
export interface RoomCounts {
  room: string;
  windows: readonly WindowCounts[];
  totals: ReadonlyMap<string, number>;
  /** Number of late taps. */
  late: number;
}

interface FrameSettings {
  windowMs: number;
  ratio: number;
}

/** Maximum number of counts per frame: a frame of 64 emojis stays below 32 KB. */
const MAX_CELLS = 1000;

/** The room's counts as frames: one, unless a backlog changes more windows than fit in a message. */
export const toFrames = ({ room, windows, totals }: RoomCounts, settings: FrameSettings, now: number): Frame[] => {
  const frames: Frame[] = [];
  let cells = Infinity;
  for (const { start, counts: taps, final } of windows) {
    if (cells + taps.size > MAX_CELLS) {
      frames.push(emptyFrame(room, totals, settings, now));
      cells = 0;
    }
    cells += taps.size;
    frames.at(-1)?.windows.push({
      start: new Date(start).toISOString(),
      ...(final ? { final: true as const } : {}),
      counts: Object.fromEntries(taps),
    });
  }
  return frames.length > 0 ? frames : [emptyFrame(room, totals, settings, now)];
};

const emptyFrame = (
  room: string,
  totals: ReadonlyMap<string, number>,
  { windowMs, ratio }: FrameSettings,
  now: number,
): Frame => ({
  v: 1,
  type: 'counts',
  room_id: room,
  window_ms: windowMs,
  aggregation_ratio: ratio,
  windows: [],
  totals: Object.fromEntries(totals),
  at: new Date(now).toISOString(),
});

const larger = (a: Record<string, number>, b: Record<string, number>): Record<string, number> => {
  const merged = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) merged.set(key, Math.max(value, merged.get(key) ?? 0));
  return Object.fromEntries(merged);
};

/**
 * Merges two frames of one room: the larger value of each count, final stays final. The result does not depend on the
 * order in which frames are merged, or on repetitions.
 */
export const mergeFrames = (a: Frame, b: Frame): Frame => {
  const [older, newer] = a.at <= b.at ? [a, b] : [b, a];
  const windows = new Map(older.windows.map((window) => [window.start, window]));
  for (const window of newer.windows) {
    const known = windows.get(window.start);
    const final = known?.final || window.final ? { final: true as const } : {};
    windows.set(window.start, known ? { ...window, ...final, counts: larger(known.counts, window.counts) } : window);
  }
  return {
    ...newer,
    windows: [...windows.values()].sort((one, other) => (one.start < other.start ? -1 : 1)),
    totals: larger(older.totals, newer.totals),
  };
};

/** One frame per room, in the order of the rooms' first frames. */
export const mergeByRoom = (frames: Iterable<Frame>): Map<string, Frame> => {
  const rooms = new Map<string, Frame>();
  for (const frame of frames) {
    const known = rooms.get(frame.room_id);
    rooms.set(frame.room_id, known ? mergeFrames(known, frame) : frame);
  }
  return rooms;
};

export const scale = (rawCount: number, ratio: number): number => Math.ceil(rawCount / ratio);

/** The start and end of a window as ISO-8601 UTC. */
export const windowSpan = (start: number, windowMs: number) => ({
  start: new Date(start).toISOString(),
  end: new Date(start + windowMs).toISOString(),
});
