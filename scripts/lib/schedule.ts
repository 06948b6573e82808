export interface ScheduleOptions {
  perSecond: number;
  /** 0 to 1: how much of an interval passes before the first request, so that clients do not tap in step. */
  phase?: number;
  /** Nothing is due from here on, in ms. */
  endMs?: number;
}

/** What is to be done at a moment: requests to give up, to send, and when to look again. */
export interface Plan {
  skip: number;
  send: number;
  waitMs: number;
}

/** How far the loop may fall behind before requests are given up: after a stall nobody taps for the lost minutes. */
const CATCH_UP_MS = 1000;
/** How soon to look again when every connection is busy; an answer makes the loop look at once. */
const BUSY_MS = 50;

/**
 * When requests are due in an open loop: number n at (n + phase) / rate, whatever became of those before, as a crowd
 * does not wait for its neighbours' answers.
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

  /** When request n is due, in ms since the start. */
  dueAt(n: number): number {
    return (n + this.#phase) * this.#intervalMs;
  }

  /** How many requests are due before this moment (ms since the start). */
  dueBefore(elapsedMs: number): number {
    // Rounded first: 3 s at 100/s must be 300, not 299.99…
    const intervals = Number((Math.min(elapsedMs, this.#endMs) / this.#intervalMs - this.#phase).toFixed(6));
    return Math.max(0, Math.ceil(intervals));
  }

  /** @param next the first request that is neither sent nor given up. @param free how many more may be in flight. */
  plan(elapsedMs: number, next: number, free: number): Plan {
    const due = this.dueBefore(elapsedMs);
    const keep = Math.max(1, Math.ceil(CATCH_UP_MS / this.#intervalMs));
    const skip = Math.max(0, due - next - keep);
    const send = Math.min(due - next - skip, free);
    const first = next + skip + send;
    return { skip, send, waitMs: first < due ? BUSY_MS : Math.max(0, this.dueAt(first) - elapsedMs) };
  }
}
