import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import pLimit, { type LimitFunction } from 'p-limit';

/** Maximum number of addresses whose connects are remembered. */
const REMEMBERED = 10_000;
const SECOND_MS = 1000;

/**
 * Limits the connects to each address, because anybody may register clients at any allowed host: otherwise the platform
 * could be used to flood it. Each connect takes one of the address's places until it ends, and for at least a second, so
 * the limit is one of connects under way and one per second. Further connects wait for a place.
 */
export class ConnectLimit {
  readonly #most: number;
  readonly #intervalMs: number;
  readonly #byAddress = new LRUCache<string, LimitFunction>({ max: REMEMBERED });

  constructor(most: number, intervalMs = SECOND_MS) {
    this.#most = most;
    this.#intervalMs = intervalMs;
  }

  /** @param addresses of the host; the connect takes a place of each, because it may try all of them */
  run<T>(addresses: readonly string[], connect: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const connectAndKeepPlace = async () => {
        const interval = sleep(this.#intervalMs, undefined, { ref: false });
        await connect().then(resolve, reject);
        await interval;
      };
      // Taken in the same order by all, so that no two connects wait for each other.
      const ordered = [...new Set(addresses)].sort();
      const inPlaces = ordered.reduceRight((work, address) => () => this.#of(address)(work), connectAndKeepPlace);
      void inPlaces();
    });
  }

  #of(address: string): LimitFunction {
    const known = this.#byAddress.get(address) ?? pLimit(this.#most);
    this.#byAddress.set(address, known);
    return known;
  }
}
