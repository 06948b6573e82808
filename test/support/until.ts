import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough on a machine whose load is four times its number of cores. */
const PATIENCE_MS = 180_000;
const POLL_EVERY_MS = 25;
/** A poll that takes longer (ms) means that the machine stood still: a paused virtual machine, a stepped clock. */
const MAX_PER_POLL_MS = 5000;

/**
 * Polls `probe` every 25 ms until it returns something other than undefined and false, and returns that.
 * @param what the awaited condition, for the error message
 * @throws Error after `timeoutMs`, of which a standstill of the machine counts as 5 s
 */
export const until = async <T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = PATIENCE_MS,
): Promise<T> => {
  let left = timeoutMs;
  for (;;) {
    const began = performance.now();
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (left <= 0) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(POLL_EVERY_MS);
    left -= Math.min(performance.now() - began, MAX_PER_POLL_MS);
  }
};
