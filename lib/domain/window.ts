import type { Reaction } from './reaction.ts';
import { momentOf } from './timestamp.ts';

/** Lengths in ms. */
export interface WindowSettings {
  windowMs: number;
  watermarkMs: number;
}

/** The start (ms since the epoch) of a tap's window, or late: then it enters no window. */
export type WindowAssignment = { late: false; start: number } | { late: true };

/** The start of the tumbling window that contains a time; both in ms since the epoch. */
export const windowStart = (time: number, windowMs: number): number => Math.floor(time / windowMs) * windowMs;

/**
 * Event time is the tap's timestamp, but never later than `received_at`, so that a fast clock can't count in future
 * windows. For a timestamp without a zone, `received_at` is used. A tap is late when its timestamp is more than the
 * watermark before its `received_at`. This does not depend on the order in which partitions are read.
 */
export const assignWindow = (
  tap: Pick<Reaction, 'timestamp' | 'received_at'>,
  settings: WindowSettings,
): WindowAssignment => {
  const received = Date.parse(tap.received_at);
  const moment = momentOf(tap.timestamp);
  const sent = typeof moment === 'number' ? moment : received;
  if (received - sent > settings.watermarkMs) return { late: true };
  return { late: false, start: windowStart(Math.min(sent, received), settings.windowMs) };
};
