export interface Backoff {
  /** The most (ms) that the first wait is; each further one may be twice as long, up to `longestMs`. */
  firstMs: number;
  longestMs: number;
}

/**
 * How long (ms) to wait after so many failures: doubling, and all of it left to chance ("full jitter"), so that a crowd
 * that was refused at one moment does not come back at one.
 */
export const fullJitterMs = (
  failures: number,
  { firstMs, longestMs }: Backoff,
  random: () => number = Math.random,
): number => random() * Math.min(longestMs, firstMs * 2 ** (failures - 1));

/** What a `Retry-After` header asks for, in ms: seconds or a date; 0 when it is neither. */
export const retryAfterMs = (header: string | null | undefined, now = Date.now()): number => {
  if (!header) return 0;
  const wait = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Math.max(0, wait) || 0;
};
