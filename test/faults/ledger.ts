import type { SentTap } from '../e2e/crowd.ts';
import { windowStart } from '../../lib/domain/window.ts';
import type { RoomCounts } from '../../lib/domain/frame.ts';

type RoomSnapshot = Omit<RoomCounts, 'room'>;

/** `start emoji` → taps, of one room; the start of a window in ms since the epoch. */
export type Counts = ReadonlyMap<string, number>;

/** What became of taps. */
export interface Sums {
  taps: number;
  /** Answered 200. */
  answered: number;
  /** Answered with an error, or not at all. */
  failed: number;
  /** Of those, counted all the same. */
  failedCounted: number;
  /** Answered 200 but not counted. */
  lost: number;
  /** Counted more often than they were tapped. */
  doubled: number;
  /** Places where totals or a viewer say something else than the windows. */
  disagreeing: number;
}

export const NOTHING: Sums = {
  taps: 0,
  answered: 0,
  failed: 0,
  failedCounted: 0,
  lost: 0,
  doubled: 0,
  disagreeing: 0,
};

export const add = (a: Sums, b: Sums): Sums => ({
  taps: a.taps + b.taps,
  answered: a.answered + b.answered,
  failed: a.failed + b.failed,
  failedCounted: a.failedCounted + b.failedCounted,
  lost: a.lost + b.lost,
  doubled: a.doubled + b.doubled,
  disagreeing: a.disagreeing + b.disagreeing,
});

const total = (counts: Counts) => [...counts.values()].reduce((sum, count) => sum + count, 0);
const tally = (keys: readonly string[]): Counts => {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};
const differences = (a: Counts, b: Counts): number =>
  [...new Set([...a.keys(), ...b.keys()])].filter((key) => (a.get(key) ?? 0) !== (b.get(key) ?? 0)).length;

/** The windows of a room as `start emoji` → taps. */
export const countsOf = ({ windows }: Pick<RoomSnapshot, 'windows'>): Counts =>
  new Map(windows.flatMap(({ start, counts }) => [...counts].map(([emoji, taps]) => [`${start} ${emoji}`, taps])));

/**
 * Compares the taps of one room with what was counted and what its viewers were told, window by window. A tap that was
 * received more than the watermark after it was made is late and stands in no window, so that many may be missing.
 */
export const compareRoom = (
  taps: readonly SentTap[],
  room: RoomSnapshot,
  viewers: readonly Counts[],
  windowMs: number,
): Sums => {
  const slot = ({ at, emoji }: SentTap) => `${windowStart(at, windowMs)} ${emoji}`;
  const answered = tally(taps.filter(({ status }) => status === 200).map(slot));
  const failed = tally(taps.filter(({ status }) => status !== 200).map(slot));
  const counted = countsOf(room);
  let missing = 0;
  let surplus = 0;
  for (const key of new Set([...answered.keys(), ...counted.keys()])) {
    const over = (counted.get(key) ?? 0) - (answered.get(key) ?? 0);
    missing += Math.max(0, -over);
    surplus += Math.max(0, over - (failed.get(key) ?? 0));
  }
  const all = total(counted) + room.late;
  const lost = Math.max(0, missing - room.late);
  const doubled = Math.max(surplus, all - taps.length, 0);
  const perEmoji = new Map<string, number>();
  for (const [key, count] of counted) {
    const emoji = key.slice(key.indexOf(' ') + 1);
    perEmoji.set(emoji, (perEmoji.get(emoji) ?? 0) + count);
  }
  return {
    taps: taps.length,
    answered: total(answered),
    failed: total(failed),
    failedCounted: all - total(answered) + lost - doubled,
    lost,
    doubled,
    disagreeing:
      differences(perEmoji, room.totals) + viewers.reduce((sum, told) => sum + differences(told, counted), 0),
  };
};
