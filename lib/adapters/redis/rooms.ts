import { LRUCache } from 'lru-cache';
import type { Rooms } from '../../ports.ts';
import type { Breaker } from './breaker.ts';
import type { RedisClient } from './client.ts';

interface Options {
  /** Maximum number of active rooms. */
  max: number;
  /** How long (ms) a room is active after a tap or a registration. */
  activeMs?: number;
  /** How long (ms) this process caches that a room is active. */
  cacheMs?: number;
}

const HOUR_MS = 3_600_000;
const ACTIVE_ROOMS = 'active_rooms';
/** How long (ms) a room is reserved for the caller that opens it; long enough to charge and admit it. */
const CLAIM_MS = 500;
/** Maximum number of rooms cached in this process. */
const REMEMBERED = 10_000;

/** Active rooms in Redis. Recently seen rooms are cached and need no round trip. */
export class RedisRooms implements Rooms {
  readonly #redis: RedisClient;
  readonly #breaker: Breaker;
  readonly #max: number;
  readonly #activeMs: number;
  readonly #cacheMs: number;
  readonly #known = new LRUCache<string, number>({ max: REMEMBERED });

  constructor(redis: RedisClient, breaker: Breaker, { max, activeMs = HOUR_MS, cacheMs = 60_000 }: Options) {
    this.#redis = redis;
    this.#breaker = breaker;
    this.#max = max;
    this.#activeMs = activeMs;
    this.#cacheMs = cacheMs;
  }

  async inactive(rooms: readonly string[], now: number): Promise<string[]> {
    const unknown = this.#unknown(rooms, now);
    if (unknown.length === 0) return [];
    const scores = await this.#breaker.run(() =>
      Promise.all(unknown.map((room) => this.#redis.zscore(ACTIVE_ROOMS, room))),
    );
    return unknown.filter((_, n) => Number(scores[n] ?? -Infinity) <= now - this.#activeMs);
  }

  async claim(rooms: readonly string[]): Promise<boolean> {
    // A command per room: the keys of a Redis Cluster are in different slots.
    const keys = rooms.map((room) => `opening:${room}`);
    return this.#breaker.run(async () => {
      const answers = await Promise.all(keys.map((key) => this.#redis.set(key, 1, 'PX', CLAIM_MS, 'NX')));
      const won = keys.filter((_, n) => answers[n] === 'OK');
      if (won.length === keys.length) return true;
      // Otherwise the caller's next attempt would wait for its own claims.
      await Promise.all(won.map((key) => this.#redis.del(key)));
      return false;
    });
  }

  async admit(rooms: readonly string[], now: number): Promise<string[]> {
    const unknown = this.#unknown(rooms, now);
    if (unknown.length === 0) return [];
    const surplus = await this.#breaker.run(() =>
      this.#redis.admitRooms(1, ACTIVE_ROOMS, now, this.#activeMs, this.#max, ...unknown),
    );
    if ((surplus as string[]).length === 0) for (const room of unknown) this.#known.set(room, now + this.#cacheMs);
    return surplus as string[];
  }

  #unknown(rooms: readonly string[], now: number): string[] {
    return [...new Set(rooms)].filter((room) => (this.#known.get(room) ?? -Infinity) <= now);
  }
}
