import type { Reaction } from './reaction.ts';
import { momentOf } from './timestamp.ts';

/** How taps are placed in time. Lengths in ms. */
export interface WindowSettings {
  windowMs: number;
  watermarkMs: number;
}

/** Where a tap belongs: the start (ms since the epoch) of its window, or nowhere, because it came too late. */
export type Placement = { late: false; start: number } | { late: true };

/** The start of the tumbling window that holds a moment; both in ms since the epoch. */
export const windowStart = (time: number, windowMs: number): number => Math.floor(time / windowMs) * windowMs;

/**
 * Event time is the tap's own timestamp, never later than `received_at` (a fast clock can't open the future). Without
 * a zone it can't be placed on our clock, so `received_at` stands in. Late is a property of the tap alone: its
 * timestamp lies more than the watermark before its `received_at`, whatever order partitions are read in.
 */
export const place = (tap: Pick<Reaction, 'timestamp' | 'received_at'>, settings: WindowSettings): Placement => {
  const received = Date.parse(tap.received_at);
  const moment = momentOf(tap.timestamp);
  const sent = typeof moment === 'number' ? moment : received;
  if (received - sent > settings.watermarkMs) return { late: true };
  return { late: false, start: windowStart(Math.min(sent, received), settings.windowMs) };
};
