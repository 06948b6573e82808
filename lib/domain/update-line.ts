import { z } from 'zod';
import { scale, type Frame } from './frame.ts';
import { roomId } from './reaction.ts';

const time = z.iso.datetime().max(32);
const count = z.int().nonnegative();

/**
 * A line of newline-delimited JSON, as TCP clients get them: the count of one emoji in one window, cumulative, so the
 * largest `raw_count` seen is the right one. `total_count` is the room's taps of that emoji in all windows.
 */
export const updateLineSchema = z.object({
  room_id: roomId,
  start: time,
  end: time,
  emoji_type: z.string().min(1).max(64),
  raw_count: count,
  scaled_count: count,
  aggregation_ratio: z.int().positive(),
  window_ms: z.int().positive(),
  total_count: count,
  final: z.literal(true).optional(),
});
export type UpdateLine = z.infer<typeof updateLineSchema>;

export const toLines = ({ room_id, window_ms, aggregation_ratio, windows, totals }: Frame): UpdateLine[] =>
  windows.flatMap(({ start, final, counts }) => {
    const end = new Date(Date.parse(start) + window_ms).toISOString();
    return Object.entries(counts).map(([emoji_type, raw_count]) => ({
      ...{ room_id, start, end, emoji_type, raw_count },
      scaled_count: scale(raw_count, aggregation_ratio),
      ...{ aggregation_ratio, window_ms },
      total_count: totals[emoji_type] ?? raw_count,
      ...(final ? { final } : {}),
    }));
  });
