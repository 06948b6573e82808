const TICK_MS = 100;
/** More than this (ms) from one tick to the next, and the process stood still: overloaded, stopped, a thawed Lambda. */
const MOST_MS = 2 * TICK_MS;

/**
 * Measures time, but not that in which this process stood still: nobody could be listened to then, so it must not count
 * against anybody.
 */
class AwakeClock {
  #awake = 0;
  #tickedAt = performance.now();

  constructor() {
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** ms since some moment. */
  now(): number {
    return this.#awake + Math.min(performance.now() - this.#tickedAt, MOST_MS);
  }

  /**
   * Calls `act` when so much time is over, after what has arrived meanwhile was read.
   * @returns a function that cancels it
   */
  after(ms: number, act: () => void): () => void {
    const due = this.now() + ms;
    let immediate: NodeJS.Immediate | undefined;
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      const left = due - this.now();
      if (left > 0) timer = setTimeout(wait, Math.ceil(left));
      else immediate = setImmediate(act);
    };
    timer = setTimeout(wait, ms);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  }

  #tick(): void {
    const now = performance.now();
    this.#awake += Math.min(now - this.#tickedAt, MOST_MS);
    this.#tickedAt = now;
  }
}

/** All connections share one. */
export const awakeClock = new AwakeClock();
