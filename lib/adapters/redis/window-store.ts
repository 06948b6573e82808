import type { Counts, RoomSnapshot, WindowStore } from '../../ports.ts';
import { withStore, type RedisClient } from './client.ts';
import { keysOf, LATE_FIELD, openCounts, PROGRESS, readWindow, toCounts, type Options } from './counts.ts';

/** The counts in Redis. */
export class RedisWindowStore implements WindowStore {
  readonly #redis: RedisClient;
  readonly #options: Options;

  constructor(redis: RedisClient, options: Options) {
    this.#redis = redis;
    this.#options = options;
  }

  open(): Promise<Counts> {
    return withStore(() => openCounts(this.#redis, this.#options));
  }

  snapshot(room: string, newest: number): Promise<RoomSnapshot> {
    return withStore(async () => {
      const generation = await this.#redis.hget(PROGRESS, 'generation');
      const keys = keysOf(generation ?? '');
      const [starts, open, totals] = await Promise.all([
        this.#redis.zrange(keys.room(room, 'windows'), '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, newest),
        this.#redis.zrange(keys.room(room, 'open'), 0, -1),
        this.#redis.hgetall(keys.room(room, 'totals')),
      ]);
      const windows = await Promise.all(
        starts.map((start) => readWindow(this.#redis, keys, room, start, !open.includes(start))),
      );
      return { windows, totals: toCounts(totals), late: Number(totals[LATE_FIELD] ?? 0) };
    });
  }
}
