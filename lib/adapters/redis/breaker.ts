import type { Logger } from '../../log.ts';
import { withStore } from './client.ts';

interface Options {
  /** How long (ms) an answer is waited for. */
  timeoutMs?: number;
  /** How long (ms) nothing is asked after a failure. */
  pauseMs?: number;
  log: Logger;
}

/**
 * Asks Redis for what can be done without, so that an outage costs whoever asks next to no time: an answer that takes
 * longer than `timeoutMs` is a failure, and after a failure everybody is told so at once until the pause is over.
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
        return await this.#inTime(work());
      } catch (error) {
        if (performance.now() >= this.#pausedUntil)
          this.#log.warn('rate limits are suspended: Redis does not answer', { error });
        this.#pausedUntil = performance.now() + this.#pauseMs;
        throw error;
      }
    });
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new Error(`no answer within ${this.#timeoutMs} ms`));
      // Not before what has arrived is read: when this process is what was slow, the answer waits in the socket.
      timer = setTimeout(() => setImmediate(giveUp), this.#timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
