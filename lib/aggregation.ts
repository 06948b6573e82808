import { countByRoom, type LoggedReaction } from './domain/counting.ts';
import { toUpdates, type Update, type WindowTotals } from './domain/update.ts';
import type { WindowSettings } from './domain/window.ts';
import { UPDATE_TOPIC } from '../infra/topics.js';
import type { RecordLog, WindowStore } from './ports.ts';

/**
 * Counts taps, each exactly once however often and with whatever boundaries its batch is delivered: the store counts a
 * partition's part of a batch whole or not at all, and tells how far it was counted before.
 * @returns the totals of every window that the taps touch, counted now or before, and of the windows that are over.
 */
export const countTaps = async (
  store: Pick<WindowStore, 'apply'>,
  taps: readonly LoggedReaction[],
  settings: WindowSettings,
  now: number,
): Promise<WindowTotals[]> => {
  const first = await store.apply([...countByRoom(taps, settings).values()], now);
  const totals = first.flatMap(({ windows }) => windows);
  for (let applied = first; ;) {
    const partial = new Map(
      applied.flatMap(({ room, partial: parts }) => (parts.size > 0 ? [[room, parts] as const] : [])),
    );
    if (partial.size === 0) return totals;
    const rest = taps.filter(({ partition, offset, reaction }) => {
      const counted = partial.get(reaction.room_id)?.get(partition);
      return counted !== undefined && offset > counted;
    });
    applied = await store.apply([...countByRoom(rest, settings).values()], now);
    totals.push(...applied.flatMap(({ windows }) => windows));
  }
};

/** Publishes the totals of windows to everyone behind `main_emoji_topic`, keyed by room. */
export const publishTotals = (
  records: RecordLog,
  totals: readonly WindowTotals[],
  settings: { windowMs: number; ratio: number },
): Promise<void> => {
  const updates: Update[] = totals.flatMap((window) => toUpdates(window, settings));
  return records.append(
    UPDATE_TOPIC,
    updates.map((update) => ({ key: update.room_id, value: JSON.stringify(update) })),
  );
};
