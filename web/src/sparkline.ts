import type { ReactionWindow } from 'live-reactions';

const SPAN_MS = 120_000;

/**
 * Estimates the server's time. A window begins before it is told of, so the server's clock is at least as far ahead as any
 * window was; the largest difference seen is right up to the length of a window and the time the message took.
 */
export const createServerClock = () => {
  let ahead = -Infinity;
  return {
    learn: (windows: readonly ReactionWindow[], now: number): void => {
      for (const { start } of windows) ahead = Math.max(ahead, start - now);
    },
    time: (now: number): number => now + (ahead === -Infinity ? 0 : ahead),
  };
};

/** Taps in each window of the last two minutes, oldest first; 0 where nobody tapped. */
export const tapsPerWindow = (windows: readonly ReactionWindow[], windowMs: number, now: number): number[] => {
  const length = Math.round(SPAN_MS / windowMs);
  const newest = Math.floor(now / windowMs);
  const taps = Array.from({ length }, () => 0);
  for (const { start, counts } of windows) {
    const place = length - 1 - (newest - Math.floor(start / windowMs));
    if (taps[place] !== undefined)
      taps[place] += Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);
  }
  return taps;
};

/** An SVG path through the values, from the left edge to the right; the largest value is at the top. */
export const linePath = (values: readonly number[], width: number, height: number): string => {
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  return values
    .map((value, n) => `${n === 0 ? 'M' : 'L'}${round(n * step)} ${round(height - (value / top) * height)}`)
    .join('');
};

const round = (value: number) => Math.round(value * 10) / 10;
