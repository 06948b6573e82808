/** Limits of the number of pollers of a mapping (K-65, K-66). */
export interface PollerLimits {
  readonly minimum: number;
  readonly maximum: number;
}

/** The lag per poller, in batches, above which another poller is added. */
const BATCHES_PER_POLLER = 2;

/** The next number of pollers: at most one per partition, at most twice the current number; it decreases one by one. */
export const nextPollerCount = (
  current: number,
  { minimum, maximum }: PollerLimits,
  { lag, batchSize, partitions }: { lag: number; batchSize: number; partitions: number },
): number => {
  const ceiling = Math.max(1, Math.min(maximum, partitions));
  const needed = Math.ceil(lag / (BATCHES_PER_POLLER * batchSize));
  const next = needed >= current ? Math.min(needed, 2 * current) : current - 1;
  return Math.min(Math.max(next, minimum, 1), ceiling);
};
