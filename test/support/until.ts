import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What `look` gives as soon as it is neither undefined nor false; looks every 25 ms.
 * @throws Error that says what was awaited, after `timeoutMs`.
 */
export const until = async <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(25);
  }
};
