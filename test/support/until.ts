import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for what takes moments on an idle machine, on one with four times as much work as it has cores. */
const PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 25;
/** A longer time (ms) for one look means that the machine stood still (a paused virtual machine, a stepped clock). */
const MOST_PER_LOOK_MS = 5000;

/**
 * What `look` gives as soon as it is neither undefined nor false; looks every 25 ms.
 * @throws Error that says what was awaited, after `timeoutMs`; a longer standstill of the machine counts as 5 s.
 */
export const until = async <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = PATIENCE_MS,
): Promise<T> => {
  let left = timeoutMs;
  for (;;) {
    const began = performance.now();
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (left <= 0) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(LOOK_EVERY_MS);
    left -= Math.min(performance.now() - began, MOST_PER_LOOK_MS);
  }
};
