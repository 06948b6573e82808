import type { Logger } from '../../log.ts';
import { inTime } from '../in-time.ts';
import { withStore } from './client.ts';

interface Options {
  /** Timeout (ms) of an answer. */
  timeoutMs?: number;
  /** How long (ms) Redis is not called after a failure. */
  pauseMs?: number;
  log: Logger;
}

/**
 * Circuit breaker for optional Redis calls, so that an outage hardly delays the callers: an answer that takes longer than
 * `timeoutMs` is a failure, and after a failure all calls fail at once until the pause is over.
 */
export class Breaker {
  readonly #timeoutMs: number;
  readonly #pauseMs: number;
  readonly #log: Logger;
  #pausedUntil = -Infinity;

  constructor({ timeoutMs = 250, pauseMs = 1000, log }: Options) {
    this.#timeoutMs = timeoutMs;
    this.#pauseMs = pauseMs;
    this.#log = log;
  }

  /** @throws PlatformError `store_unavailable` */
  run<T>(work: () => Promise<T>): Promise<T> {
    return withStore(async () => {
      if (performance.now() < this.#pausedUntil) throw new Error('Redis did not answer recently');
      try {
        return await inTime(work(), this.#timeoutMs);
      } catch (error) {
        if (performance.now() >= this.#pausedUntil)
          this.#log.warn('rate limits are suspended: Redis does not answer', { error });
        this.#pausedUntil = performance.now() + this.#pauseMs;
        throw error;
      }
    });
  }
}
