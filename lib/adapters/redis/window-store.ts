import { touched, type RoomBatch } from '../../domain/counting.ts';
import type { WindowTotals } from '../../domain/update.ts';
import type { WindowSettings } from '../../domain/window.ts';
import type { AppliedRoom, RoomSnapshot, WindowStore } from '../../ports.ts';
import { withStore, type RedisClient } from './client.ts';

interface Options extends WindowSettings {
  /** How long (s) a window's counts are kept. */
  windowTtl: number;
  /** How long (s) a silent room's offsets and totals are kept: longer than a tap can be read again. */
  roomTtl: number;
}

/** All keys of a room share a hash tag, so they live in one slot of a Redis Cluster. */
const key = (room: string, part: string) => `room:{${room}}:${part}`;
const windowKey = (room: string, start: number | string) => key(room, `window:${start}`);

/** Rooms with windows that may have to be told as final although nobody taps there any more: room → when to look. */
const ROOMS_TO_LOOK_AT = 'rooms_to_look_at';
/** Rooms that are tapped in tell their final windows with the next batch; only when that fails to come we look. */
const GRACE_MS = 1500;

const LATE_FIELD = '';

const toCounts = (fields: Record<string, string>): Map<string, number> =>
  new Map(Object.entries(fields).flatMap(([emoji, taps]) => (emoji === LATE_FIELD ? [] : [[emoji, Number(taps)]])));

export class RedisWindowStore implements WindowStore {
  readonly #redis: RedisClient;
  readonly #options: Options;

  constructor(redis: RedisClient, options: Options) {
    this.#redis = redis;
    this.#options = options;
  }

  apply(batches: readonly RoomBatch[], now: number): Promise<AppliedRoom[]> {
    return withStore(async () => {
      // Sent before the counts: a crash in between costs a look at a room, never a final update.
      const [, ...applied] = await Promise.all([
        this.#lookLater(batches, now),
        ...batches.map((batch) => this.#applyRoom(batch, now)),
      ]);
      return applied;
    });
  }

  overdue(now: number): Promise<WindowTotals[]> {
    return withStore(async () => {
      const rooms = await this.#redis.zrangebyscore(ROOMS_TO_LOOK_AT, '-inf', now);
      const found = await Promise.all(
        rooms.map(async (room) => this.#final(room, await this.#redis.zrangebyscore(key(room, 'open'), '-inf', now))),
      );
      return found.flat();
    });
  }

  settle(rooms: readonly string[], now: number): Promise<void> {
    return withStore(async () => {
      if (rooms.length === 0) return;
      await Promise.all(rooms.map((room) => this.#redis.zremrangebyscore(key(room, 'open'), '-inf', now)));
      await this.#redis.settleRooms(1, ROOMS_TO_LOOK_AT, now, ...rooms);
    });
  }

  snapshot(room: string, newest: number): Promise<RoomSnapshot> {
    return withStore(async () => {
      const [starts, open, totals] = await Promise.all([
        this.#redis.zrange(key(room, 'windows'), '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, newest),
        this.#redis.zrange(key(room, 'open'), 0, -1),
        this.#redis.hgetall(key(room, 'totals')),
      ]);
      const windows = await Promise.all(starts.map((start) => this.#window(room, start, !open.includes(start))));
      return { windows, totals: toCounts(totals), late: Number(totals[LATE_FIELD] ?? 0) };
    });
  }

  async #applyRoom(batch: RoomBatch, now: number): Promise<AppliedRoom> {
    const { room, partitions } = batch;
    const windows = [...touched(batch)].map(([start, emojis]) => ({ start, emojis: [...emojis] }));
    const indexOf = new Map(windows.map(({ start }, n) => [start, n + 1]));
    const parts = [...partitions].map(([partition, { first, last, late, windows: counts }]) => ({
      p: partition,
      f: String(first),
      l: String(last),
      late,
      c: [...counts].flatMap(([start, emojis]) =>
        [...emojis].map(([emoji, taps]) => [indexOf.get(start), emoji, taps]),
      ),
    }));
    const keys = [
      ...['offsets', 'totals', 'windows', 'open'].map((part) => key(room, part)),
      ...windows.map(({ start }) => windowKey(room, start)),
    ];
    const reply = await this.#redis.applyRoomBatch(
      keys.length,
      ...keys,
      now,
      this.#options.windowTtl,
      this.#options.roomTtl,
      JSON.stringify(parts),
      JSON.stringify(
        windows.map(({ start, emojis }) => ({ s: String(start), o: String(this.#overAt(start, now)), e: emojis })),
      ),
    );
    const [partial, counts, over] = reply as [string[], (string | null)[][], string[]];
    return {
      room,
      partial: new Map(pairs(partial).map(([partition, offset]) => [partition, Number(offset)])),
      windows: [
        ...windows.map(({ start, emojis }, n) => ({
          room,
          start,
          final: false,
          counts: new Map(emojis.map((emoji, e) => [emoji, Number(counts[n]?.[e] ?? 0)])),
        })),
        ...(await this.#final(room, over)),
      ],
    };
  }

  /** A window that a backlog corrects after it was final gets one more final update, a window's length later. */
  #overAt(start: number, now: number): number {
    const { windowMs, watermarkMs } = this.#options;
    return Math.max(start + windowMs + watermarkMs, now + windowMs);
  }

  async #lookLater(batches: readonly RoomBatch[], now: number): Promise<void> {
    const entries = batches.flatMap((batch) => {
      const starts = [...touched(batch).keys()];
      return starts.length === 0 ? [] : [this.#overAt(Math.max(...starts), now) + GRACE_MS, batch.room];
    });
    if (entries.length > 0) await this.#redis.zadd(ROOMS_TO_LOOK_AT, 'GT', ...(entries as [number, string]));
  }

  #final(room: string, starts: readonly string[]): Promise<WindowTotals[]> {
    return Promise.all(starts.map((start) => this.#window(room, start, true)));
  }

  async #window(room: string, start: string, final: boolean): Promise<WindowTotals> {
    return { room, start: Number(start), final, counts: toCounts(await this.#redis.hgetall(windowKey(room, start))) };
  }
}

const pairs = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((item, n) => (n % 2 === 0 ? [[item, flat[n + 1] ?? '']] : []));
