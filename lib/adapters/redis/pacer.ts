import type { Pacer } from '../../ports.ts';
import { withStore, type RedisClient } from './client.ts';

/** PTTL of a key that does not expire. */
const NO_END = -1;

/** A turn is a key that expires after the interval: the process that sets it may send. */
export class RedisPacer implements Pacer {
  readonly #redis: RedisClient;
  readonly #intervalMs: number;

  constructor(redis: RedisClient, intervalMs = 1000) {
    this.#redis = redis;
    this.#intervalMs = intervalMs;
  }

  claim(rooms: readonly string[]): Promise<Map<string, number>> {
    return withStore(async () => {
      const waits = await Promise.all(rooms.map((room) => this.#claimOne(`pace:${room}`)));
      return new Map(rooms.map((room, n) => [room, waits[n] ?? 0]));
    });
  }

  async #claimOne(key: string): Promise<number> {
    const granted = await this.#redis.set(key, 1, 'PX', this.#intervalMs, 'NX');
    if (granted) return 0;
    const left = await this.#redis.pttl(key);
    if (left !== NO_END && left <= this.#intervalMs) return Math.max(left, 1);
    // A damaged key (no expiry, or too long a one) would block the room's updates.
    await this.#redis.set(key, 1, 'PX', this.#intervalMs);
    return 0;
  }
}
