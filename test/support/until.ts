import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for what takes moments on an idle machine, on one with four times as much work as it has cores. */
const PATIENCE_MS = 60_000;

/**
 * What `look` gives as soon as it is neither undefined nor false; looks every 25 ms.
 * @throws Error that says what was awaited, after `timeoutMs`.
 */
export const until = async <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = PATIENCE_MS,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(25);
  }
};
