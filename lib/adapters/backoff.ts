export interface Backoff {
  /** Upper limit (ms) of the first wait; it doubles with each further one, up to `longestMs`. */
  firstMs: number;
  longestMs: number;
}

/**
 * How long (ms) to wait after this many failures: a random time below a limit that doubles ("full jitter"), so that
 * many clients that were rejected together do not retry together.
 */
export const fullJitterMs = (
  failures: number,
  { firstMs, longestMs }: Backoff,
  random: () => number = Math.random,
): number => random() * Math.min(longestMs, firstMs * 2 ** (failures - 1));

/** The wait (ms) that a `Retry-After` header asks for, in seconds or as a date; 0 when it is neither. */
export const retryAfterMs = (header: string | null | undefined, now = Date.now()): number => {
  if (!header) return 0;
  const wait = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Math.max(0, wait) || 0;
};
