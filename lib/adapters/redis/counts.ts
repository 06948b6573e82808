import { createHash, randomUUID } from 'node:crypto';
import { touched, type PartitionCounts, type RoomBatch } from '../../domain/counting.ts';
import type { Counted, Spans } from '../../domain/progress.ts';
import type { WindowTotals } from '../../domain/update.ts';
import type { WindowSettings } from '../../domain/window.ts';
import type { AppliedRoom, Counts } from '../../ports.ts';
import { withStore, type RedisClient } from './client.ts';

export interface Options extends WindowSettings {
  /** How long (s) a window's counts are kept. */
  windowTtl: number;
  /** How long (s) a silent room's offsets, totals and ids are kept: longer than a tap can be read again. */
  roomTtl: number;
  /** How long (ms) an `event_id` is remembered. */
  idTtlMs: number;
  /** How many a room remembers at the most, the newest ones. */
  idLimit: number;
}

/** How far the stream has been counted: written after the rooms, so that a copy that lags behind never claims too much. */
export const PROGRESS = 'counts:progress';
/** Rooms that are tapped in tell their final windows with the next batch; only when that fails to come we look. */
const GRACE_MS = 1500;
/** Record times are those of many processes: ids are kept for this much (ms) longer than their stream time says. */
const ID_SLACK_MS = 60_000;

export const LATE_FIELD = '';

/** All keys of a room share a hash tag, so they live in one slot of a Redis Cluster. */
export const keysOf = (generation: string) => ({
  /** Rooms with windows that may have to be told as final although nobody taps there any more: room → when to look. */
  roomsToLookAt: `counts:${generation}:rooms_to_look_at`,
  room: (room: string, part: string) => `counts:${generation}:{${room}}:${part}`,
  window: (room: string, start: number | string) => `counts:${generation}:{${room}}:window:${start}`,
});
type Keys = ReturnType<typeof keysOf>;

const newName = () => randomUUID().slice(0, 8);

/** 72 bits: among ten million ids two are the same once in a hundred million times. */
const shortId = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** What is stored of a room is not what we store. An error of Redis as a whole has another name. */
const DAMAGED = /WRONGTYPE|not an integer|not a valid float|would overflow/;

const unlessDamaged =
  <T>(answer: (error: Error) => T) =>
  (error: Error): T => {
    if (DAMAGED.test(error.message)) return answer(error);
    throw error;
  };

export const toCounts = (fields: Record<string, string>): Map<string, number> =>
  new Map(Object.entries(fields).flatMap(([emoji, taps]) => (emoji === LATE_FIELD ? [] : [[emoji, Number(taps)]])));

export const readWindow = async (
  redis: RedisClient,
  keys: Keys,
  room: string,
  start: string,
  final: boolean,
): Promise<WindowTotals> => ({
  room,
  start: Number(start),
  final,
  counts: toCounts(await redis.hgetall(keys.window(room, start))),
});

/** The counts that are valid now, and how far they go; the first ones of all when there are none. */
export const openCounts = async (redis: RedisClient, options: Options): Promise<Counts> => {
  const counted = new Map<string, Counted>();
  let generation = '';
  for (const [field, value] of pairs((await redis.progress(1, PROGRESS, 'open', newName())) as string[])) {
    const [offset = NaN, newest = NaN] = value.split(' ').map(Number);
    if (field === 'generation') generation = value;
    else counted.set(field, { offset, newest });
  }
  return new RedisCounts(redis, options, generation, counted);
};

/** One generation of the counts, see the scripts in `lua/`. */
class RedisCounts implements Counts {
  readonly counted: ReadonlyMap<string, Counted>;
  readonly #redis: RedisClient;
  readonly #options: Options;
  readonly #generation: string;
  readonly #keys: Keys;

  constructor(redis: RedisClient, options: Options, generation: string, counted: ReadonlyMap<string, Counted>) {
    this.counted = counted;
    this.#redis = redis;
    this.#options = options;
    this.#generation = generation;
    this.#keys = keysOf(generation);
  }

  apply(batches: readonly RoomBatch[], now: number, streamTime = 0): Promise<AppliedRoom[]> {
    return withStore(async () => {
      // Sent before the counts: a crash in between costs a look at a room, never a final update.
      const [, ...applied] = await Promise.all([
        this.#lookLater(batches, now),
        ...batches.map((batch) => this.#applyRoom(batch, now, streamTime)),
      ]);
      return applied;
    });
  }

  overdue(now: number): Promise<WindowTotals[]> {
    return withStore(async () => {
      const rooms = await this.#redis.zrangebyscore(this.#keys.roomsToLookAt, '-inf', now);
      const found = await Promise.all(
        rooms.map((room) =>
          this.#redis
            .zrangebyscore(this.#keys.room(room, 'open'), '-inf', now)
            .then((starts) => this.#final(room, starts))
            .catch(unlessDamaged(() => [])),
        ),
      );
      return found.flat();
    });
  }

  settle(rooms: readonly string[], now: number): Promise<void> {
    return withStore(async () => {
      if (rooms.length === 0) return;
      await Promise.all(rooms.map((room) => this.#redis.zremrangebyscore(this.#keys.room(room, 'open'), '-inf', now)));
      await this.#redis.settleRooms(1, this.#keys.roomsToLookAt, now, ...rooms);
    });
  }

  advance(spans: Spans): Promise<boolean> {
    return withStore(async () => {
      const args = [...spans].flatMap(([partition, { first, last, newest }]) => [partition, first, last, newest]);
      return (await this.#redis.progress(1, PROGRESS, 'advance', this.#generation, newName(), ...args)) === 1;
    });
  }

  discard(): Promise<void> {
    return withStore(async () => {
      await this.#redis.progress(1, PROGRESS, 'discard', this.#generation, newName());
    });
  }

  async #applyRoom(batch: RoomBatch, now: number, streamTime: number): Promise<AppliedRoom> {
    const { room, partitions } = batch;
    const windows = [...touched(batch)].map(([start, emojis]) => ({ start, emojis: [...emojis] }));
    const indexOf = new Map(windows.map(({ start }, n) => [start, n + 1]));
    const parts = [...partitions].map(([partition, counts]) => toPart(partition, counts, indexOf));
    const { windowTtl, roomTtl, idTtlMs, idLimit } = this.#options;
    const keys = [
      ...['offsets', 'totals', 'windows', 'open', 'ids', 'late_ids'].map((part) => this.#keys.room(room, part)),
      ...windows.map(({ start }) => this.#keys.window(room, start)),
    ];
    const replied = await this.#redis
      .applyRoomBatch(
        keys.length,
        ...keys,
        ...[now, windowTtl, roomTtl],
        JSON.stringify(parts),
        JSON.stringify(
          windows.map(({ start, emojis }) => ({ s: String(start), o: String(this.#overAt(start, now)), e: emojis })),
        ),
        ...[idTtlMs, Math.max(streamTime - idTtlMs - ID_SLACK_MS, 0), idLimit],
      )
      .catch(unlessDamaged((error) => error));
    if (replied instanceof Error) return { room, windows: [], partial: new Map(), failure: replied.message };
    const [partial, counts, over] = replied as [string[], (string | null)[][], string[]];
    return {
      room,
      partial: new Map(pairs(partial).map(([partition, offset]) => [partition, Number(offset)])),
      windows: [
        ...windows.flatMap(({ start, emojis }, n) => {
          // An emoji without a count has only copies of taps that stand in other windows.
          const counted = emojis.flatMap((emoji, e): [string, number][] =>
            counts[n]?.[e] ? [[emoji, Number(counts[n][e])]] : [],
          );
          return counted.length === 0 ? [] : [{ room, start, final: false, counts: new Map(counted) }];
        }),
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
    if (entries.length === 0) return;
    await Promise.all([
      this.#redis.zadd(this.#keys.roomsToLookAt, 'GT', ...(entries as [number, string])),
      this.#redis.expire(this.#keys.roomsToLookAt, this.#options.roomTtl),
    ]);
  }

  #final(room: string, starts: readonly string[]): Promise<WindowTotals[]> {
    return Promise.all(starts.map((start) => readWindow(this.#redis, this.#keys, room, start, true)));
  }
}

/** The script's form of a part, see `apply-room-batch.lua`. */
const toPart = (partition: string, counts: PartitionCounts, indexOf: ReadonlyMap<number, number>) => ({
  p: partition,
  f: String(counts.first),
  l: String(counts.last),
  late: counts.late,
  c: [...counts.windows].flatMap(([start, emojis]) =>
    [...emojis].map(([emoji, taps]) => [indexOf.get(start), emoji, taps]),
  ),
  d: [...counts.identified.values()].map(({ start, emoji, count, received }) => ({
    w: start === undefined ? 0 : indexOf.get(start),
    e: emoji,
    n: count,
    i: [...received.keys()].map(shortId),
    r: [...received.values()],
  })),
});

const pairs = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((item, n) => (n % 2 === 0 ? [[item, flat[n + 1] ?? '']] : []));
