import { toFrames, type Frame } from '../../lib/domain/frame.ts';

interface FrameOptions {
  room?: string;
  /** Start of the window (ms since the epoch). */
  start?: number;
  emoji?: string;
  final?: boolean;
  /** The room's taps of that emoji. */
  total?: number;
  /** When the frame was published. */
  at?: number;
}

/** A frame with the count of one emoji in one window of two seconds. */
export const frame = (
  count: number,
  { room = 'global', start = 0, emoji = '🔥', final = false, total = count, at = 0 }: FrameOptions = {},
): Frame => {
  const windows = [{ start, final, counts: new Map([[emoji, count]]) }];
  const [made] = toFrames(
    { room, windows, totals: new Map([[emoji, total]]), late: 0 },
    { windowMs: 2000, ratio: 1000 },
    at,
  );
  return made as Frame;
};

/** A record in the former format of the update topics, before frames: one emoji of one window. */
export const formerUpdate = {
  ...{ room_id: 'global', start: '1970-01-01T00:00:00.000Z', end: '1970-01-01T00:00:02.000Z' },
  ...{ emoji_type: '🔥', raw_count: 7, scaled_count: 1, aggregation_ratio: 1000 },
};
