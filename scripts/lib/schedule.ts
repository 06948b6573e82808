export interface ScheduleOptions {
  perSecond: number;
  /** 0 to 1: part of an interval before the first request, so that clients do not tap simultaneously. */
  phase?: number;
  /** Time (ms) after which nothing is due. */
  endMs?: number;
}

/** The next actions: number of requests to skip and to send, and the time until the next plan. */
export interface Plan {
  skip: number;
  send: number;
  waitMs: number;
}

/** How far (ms) the loop may fall behind before requests are skipped, so that a long stall causes no burst. */
const CATCH_UP_MS = 1000;
/** Time (ms) until the next plan when all connections are busy; an answer causes one at once. */
const BUSY_MS = 50;

/**
 * The times at which requests are due in an open loop: number n at (n + phase) / rate, independent of the answers to
 * earlier requests.
 */
export class Schedule {
  readonly #intervalMs: number;
  readonly #phase: number;
  readonly #endMs: number;

  constructor({ perSecond, phase = 0, endMs = Infinity }: ScheduleOptions) {
    this.#intervalMs = 1000 / perSecond;
    this.#phase = phase;
    this.#endMs = endMs;
  }

  /** Time (ms since the start) at which request n is due. */
  dueAt(n: number): number {
    return (n + this.#phase) * this.#intervalMs;
  }

  /** Number of requests that are due before this time (ms since the start). */
  dueBefore(elapsedMs: number): number {
    // Rounded first: 3 s at 100/s must be 300, not 299.99…
    const intervals = Number((Math.min(elapsedMs, this.#endMs) / this.#intervalMs - this.#phase).toFixed(6));
    return Math.max(0, Math.ceil(intervals));
  }

  /**
   * @param next number of the first request that is neither sent nor skipped
   * @param free how many more may be in flight
   */
  plan(elapsedMs: number, next: number, free: number): Plan {
    const due = this.dueBefore(elapsedMs);
    const keep = Math.max(1, Math.ceil(CATCH_UP_MS / this.#intervalMs));
    const skip = Math.max(0, due - next - keep);
    const send = Math.min(due - next - skip, free);
    const first = next + skip + send;
    return { skip, send, waitMs: first < due ? BUSY_MS : Math.max(0, this.dueAt(first) - elapsedMs) };
  }
}
