/** A delay (ms) with full jitter: clients that failed together do not come back together. */
export const backoff = (failures: number, baseMs: number, maxMs: number): number =>
  Math.random() * Math.min(maxMs, baseMs * 2 ** failures);

/** Longer delays of setTimeout end at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export interface Timer {
  /** When it ends (ms since the epoch), while it is set. */
  readonly at: number | undefined;
  /** Replaces what was set before. */
  set(ms: number, act: () => void): void;
  clear(): void;
}

export const timer = (): Timer => {
  let handle: ReturnType<typeof setTimeout> | undefined;
  let at: number | undefined;
  const clear = () => {
    clearTimeout(handle);
    at = undefined;
  };
  return {
    get at() {
      return at;
    },
    clear,
    set(ms, act) {
      clear();
      at = Date.now() + ms;
      handle = setTimeout(
        () => {
          clear();
          act();
        },
        Math.min(ms, MAX_DELAY_MS),
      );
    },
  };
};
