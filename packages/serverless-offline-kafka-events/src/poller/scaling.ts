/** How many pollers a mapping may have (K-65, K-66). */
export interface PollerLimits {
  readonly minimum: number;
  readonly maximum: number;
}

/** Batches of lag per poller above which another one helps. */
const BATCHES_AHEAD = 2;

/** Pollers wanted now: at most one per partition, at most twice as many as before, at most one fewer. */
export const nextPollerCount = (
  current: number,
  { minimum, maximum }: PollerLimits,
  { lag, batchSize, partitions }: { lag: number; batchSize: number; partitions: number },
): number => {
  const ceiling = Math.max(1, Math.min(maximum, partitions));
  const needed = Math.ceil(lag / (BATCHES_AHEAD * batchSize));
  const next = needed >= current ? Math.min(needed, 2 * current) : current - 1;
  return Math.min(Math.max(next, minimum, 1), ceiling);
};
