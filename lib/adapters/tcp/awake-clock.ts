const TICK_MS = 100;
/** A longer time (ms) between two ticks means that the process did not run: overloaded, stopped, or a frozen Lambda. */
const MOST_MS = 2 * TICK_MS;

/**
 * Measures time without the periods in which this process did not run and could not read answers, so that they do not
 * count against clients.
 */
class AwakeClock {
  #awake = 0;
  #tickedAt = performance.now();

  constructor() {
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** ms since an arbitrary time. */
  now(): number {
    return this.#awake + Math.min(performance.now() - this.#tickedAt, MOST_MS);
  }

  /**
   * Calls `act` after `ms`, after sockets have been read.
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

/** Shared by all connections. */
export const awakeClock = new AwakeClock();
