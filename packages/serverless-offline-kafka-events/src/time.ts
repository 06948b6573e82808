/** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });

/** Exponential backoff in ms: `base` doubles per attempt up to `max`; the result is a random 50 to 100 % of that. */
export const backoff = (attempt: number, base: number, max: number, random: () => number = Math.random): number => {
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random();
};
