/** A larger difference (ms) between two clocks in one step is not a drift. */
const STEP_MS = 5000;
/** A clock is trusted again when it has not been stepped for this long (ms): a wrong step is often corrected soon. */
const TRUSTED_AFTER_MS = 60_000;

/**
 * Returns a function that tells whether the clock can be trusted: whether it has not been stepped between recent calls.
 * @param monotonic a clock that can't be set
 */
export const steadyClock = (clock: () => number, monotonic: () => number): (() => boolean) => {
  let last: number | undefined;
  let steppedAt = -Infinity;
  return () => {
    const now = monotonic();
    const difference = clock() - now;
    if (last !== undefined && Math.abs(difference - last) > STEP_MS) steppedAt = now;
    last = difference;
    return now - steppedAt >= TRUSTED_AFTER_MS;
  };
};
