import { randomUUID } from 'node:crypto';
import { bucketOf } from '../../domain/bucket.ts';
import type { BucketBatch } from '../../domain/counting.ts';
import type { RoomCounts, WindowCounts } from '../../domain/frame.ts';
import type { WindowSettings } from '../../domain/window.ts';
import type { BucketOutcome, CountStore, OverdueWindow, Progress, ProgressMap } from '../../ports.ts';
import { encodeBatch } from './bucket-batch.ts';
import { bucketsName } from './former-counts.ts';
import { withStore, type RedisClient } from './client.ts';
import { afterEvictions } from './evicted.ts';
import { PlatformError } from '../../errors.ts';
import { readCounts, readProgress, readRoom } from './stored-counts.ts';

export interface CountStoreOptions extends WindowSettings {
  /** Part of the key names: with a different number everything is counted again. */
  buckets: number;
  /** Retention (ms) of windows, and of rooms without taps. */
  windowRetentionMs: number;
  roomRetentionMs: number;
  /** Minimum time (ms) that an `event_id` is remembered, unless there are more than `idLimit`. */
  idTtlMs: number;
  /** Number of remembered ids per bucket and partition; at most twice as many. */
  idLimit: number;
  /** Number of different emojis per room; others are counted as `:other:`. */
  maxEmojis: number;
  /** Runs once before the first batch. */
  prepare?: () => Promise<void>;
  /** Runs before batches, at most every two seconds: rejects while nothing must be counted. */
  mayCount?: () => Promise<void>;
}

/** Fields of a bucket's state that are not rooms begin with a space, which no room id contains. */
const PROGRESS_FIELD = ' p ';
/** A window that was counted again is reported as final if it was over for less than this (ms). */
const RECOUNT_FINALS_MS = 600_000;
const OVERDUE_AT_ONCE = 20;
/** How much (ms) the clocks of hosts may differ. */
const CLOCKS_DIFFER_MS = 60_000;
const TRIM_AT_ONCE = 200;
const CHECK_AT_ONCE = 1000;
/** How long (ms) counting may go on after a successful `mayCount`. */
const MAY_COUNT_MS = 2000;
/** Maximum number of attempts while other processes count the same records. */
const ATTEMPTS = 8;
const MINUTES = 60;

/** Errors of commands and scripts that show damaged stored data. */
const isDamage = (error: unknown): boolean =>
  error instanceof Error && /WRONGTYPE|attempt to \w+|bad argument #|Bad data format|Missing bytes/.test(error.message);

/** The counts in Redis, see `lua/apply-batch.lua`. All keys of a bucket are in one slot of a Redis Cluster. */
export class RedisCountStore implements CountStore {
  readonly buckets: number;
  readonly #redis: RedisClient;
  readonly #options: CountStoreOptions;
  readonly #discardIncomplete: (now: number) => Promise<number[]>;
  #prepared: Promise<void> | undefined;
  #checkedAt = -Infinity;

  constructor(redis: RedisClient, options: CountStoreOptions) {
    this.buckets = options.buckets;
    this.#redis = redis;
    this.#options = options;
    this.#discardIncomplete = afterEvictions(redis, async (now: number) => {
      const lacking = await this.#lackingKeys(now);
      for (const bucket of lacking) await this.discard(bucket);
      return lacking;
    });
  }

  apply(batches: readonly BucketBatch[], now: number, recount = false): Promise<BucketOutcome[]> {
    return withStore(async () => {
      await this.#checkMayCount();
      await this.#prepare();
      return Promise.all(batches.map((batch) => this.#applyOne(batch, now, recount)));
    });
  }

  progress(topicPartitions: readonly string[]): Promise<ProgressMap[]> {
    return withStore(() =>
      this.#eachBucket(async (bucket) => {
        const fields = topicPartitions.map((name) => PROGRESS_FIELD + name);
        // An unreadable bucket has no progress; `apply` reports it as damaged.
        const values = await this.#redis.hmgetBuffer(this.#key(bucket, 'state'), ...fields).catch(orIfDamaged([]));
        return new Map(topicPartitions.map((name, n) => [name, readProgress(values[n])]));
      }),
    );
  }

  discardIncomplete(now: number): Promise<number[]> {
    return withStore(() => this.#discardIncomplete(now));
  }

  discard(bucket: number): Promise<void> {
    return withStore(async () => {
      const [fields, starts] = await Promise.all([
        this.#redis.hkeys(this.#key(bucket, 'state')).catch(orIfDamaged([])),
        this.#redis.zrange(this.#key(bucket, 'windows'), 0, -1).catch(orIfDamaged([])),
      ]);
      // Data written meanwhile belongs to a new state; older keys are recognised as leftovers by their salt.
      await this.#redis.del(
        ...['state', 'windows', 'open'].map((part) => this.#key(bucket, part)),
        ...starts.map((start) => this.#windowKey(bucket, start)),
        ...fields
          .filter((field) => field.startsWith(PROGRESS_FIELD))
          .flatMap((field) => this.#idKeys(bucket, field.slice(PROGRESS_FIELD.length))),
      );
    });
  }

  overdue(now: number): Promise<OverdueWindow[]> {
    return withStore(async () => {
      const due = await this.#eachBucket(async (bucket) => {
        const [starts] = await Promise.all([this.#openBetween(bucket, '-inf', now), this.#correctOpen(bucket, now)]);
        return starts;
      });
      return Promise.all(
        due.flatMap((starts, bucket) => starts.map((start) => this.#readWindow(bucket, Number(start)))),
      );
    });
  }

  markFinal(windows: readonly OverdueWindow[], now: number): Promise<void> {
    return withStore(async () => {
      const byBucket = new Map<number, number[]>();
      for (const { bucket, start } of windows) byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), start]);
      await Promise.all(
        [...byBucket].map(([bucket, starts]) => this.#redis.markFinal(1, this.#key(bucket, 'open'), now, ...starts)),
      );
    });
  }

  trim(now: number): Promise<void> {
    return withStore(async () => {
      const minute = Math.floor(now / 60_000) % MINUTES;
      await this.#eachBucket(async (bucket) => {
        await this.#trimWindows(bucket, now);
        if (bucket % MINUTES === minute) await this.#trimRooms(bucket, now);
      });
    });
  }

  snapshot(room: string): Promise<Omit<RoomCounts, 'room'>> {
    return withStore(async () => {
      const bucket = bucketOf(room, this.buckets);
      const stored = readRoom(await this.#redis.hgetBuffer(this.#key(bucket, 'state'), room));
      if (stored === undefined) return { windows: [], totals: new Map(), late: 0 };
      const windows = await Promise.all(
        stored.starts.map(async (start): Promise<WindowCounts | undefined> => {
          const [bytes, open] = await Promise.all([
            this.#redis.hgetBuffer(this.#windowKey(bucket, start), room),
            this.#redis.zscore(this.#key(bucket, 'open'), start),
          ]);
          const counts = readCounts(bytes);
          return counts && { start, counts, final: open === null };
        }),
      );
      return { windows: windows.filter((window) => window !== undefined), totals: stored.totals, late: stored.late };
    });
  }

  /** Once, and again after a failure. */
  #prepare(): Promise<void> {
    return (this.#prepared ??= (this.#options.prepare?.() ?? Promise.resolve()).catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    }));
  }

  async #checkMayCount(): Promise<void> {
    if (performance.now() - this.#checkedAt < MAY_COUNT_MS) return;
    await this.#options.mayCount?.();
    this.#checkedAt = performance.now();
  }

  async #applyOne(batch: BucketBatch, now: number, recount: boolean): Promise<BucketOutcome> {
    let partitions: ReadonlySet<string> = new Set(batch.partitions.keys());
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcome = await this.#tryToApply(batch, partitions, now, recount);
      if ('state' in outcome) return outcome;
      partitions = outcome.fresh;
    }
    throw new PlatformError('store_unavailable', 'Other processes are counting the same records');
  }

  /**
   * Counts the sums over these partitions, so that the script adds to each count once.
   * @returns the partitions of which nothing was counted before, if they are others. Then nothing was counted.
   */
  async #tryToApply(
    batch: BucketBatch,
    partitions: ReadonlySet<string>,
    now: number,
    recount: boolean,
  ): Promise<BucketOutcome | { fresh: ReadonlySet<string> }> {
    const { bucket } = batch;
    const { idTtlMs, idLimit, maxEmojis } = this.#options;
    const encoded = encodeBatch(batch, partitions, (start) => this.#overAt(start, now, recount));
    const keys = [
      ...['state', 'windows', 'open'].map((part) => this.#key(bucket, part)),
      ...encoded.topicPartitions.flatMap((name) => this.#idKeys(bucket, name)),
      ...encoded.starts.map((start) => this.#windowKey(bucket, start)),
    ];
    const salt = randomUUID().slice(0, 8);
    const reply = await this.#redis
      .applyBatchBuffer(keys.length, ...keys, encoded.bytes, now, salt, idTtlMs, idLimit, maxEmojis)
      .catch(orIfDamaged(['damaged']));
    const [answer, ...rest] = reply as [Buffer | string, ...unknown[]];
    const state = String(answer);
    if (state === 'behind') return { bucket, state, progress: progressFrom(rest) };
    if (state === 'repeated') return { fresh: new Set(rest.map(String)) };
    if (state !== 'counted') return { bucket, state: state === 'topic_recreated' ? state : 'damaged' };
    const [partial, ...values] = rest as [Buffer[], ...Buffer[]];
    let at = 0;
    const rooms = encoded.rooms.map(({ room, starts }): RoomCounts => {
      const stored = readRoom(values[at++]);
      const windows = starts.flatMap((start) => {
        const counts = readCounts(values[at++]);
        return counts ? [{ start, counts, final: false }] : [];
      });
      return { room, windows, totals: stored?.totals ?? new Map(), late: stored?.late ?? 0 };
    });
    return { bucket, state, rooms, partial: progressFrom(partial) };
  }

  /** A window that a backlog corrects after it was final gets one more final update, a window's length later. */
  #overAt(start: number, now: number, recount: boolean): number {
    const { windowMs, watermarkMs } = this.#options;
    const over = start + windowMs + watermarkMs;
    return recount && over < now - RECOUNT_FINALS_MS ? 0 : Math.max(over, now + windowMs);
  }

  #openBetween(bucket: number, from: number | string, to: number | string): Promise<string[]> {
    return this.#redis
      .zrangebyscore(this.#key(bucket, 'open'), from, to, 'LIMIT', 0, OVERDUE_AT_ONCE)
      .catch(orIfDamaged([]));
  }

  /** A window that was counted by a clock far ahead is over soon, and not when that time comes. */
  async #correctOpen(bucket: number, now: number): Promise<void> {
    const { windowMs, watermarkMs } = this.#options;
    const starts = await this.#openBetween(bucket, now + windowMs + watermarkMs + CLOCKS_DIFFER_MS, '+inf');
    if (starts.length === 0) return;
    const scores = starts.flatMap((start) => [now + windowMs, start]);
    await this.#redis.zadd(this.#key(bucket, 'open'), 'XX', 'LT', ...scores);
  }

  async #readWindow(bucket: number, start: number): Promise<OverdueWindow> {
    const values = await this.#redis.hgetallBuffer(this.#windowKey(bucket, start)).catch(orIfDamaged({}));
    const counts = new Map(
      Object.entries(values).flatMap(([room, bytes]) => {
        const found = room.startsWith(' ') ? undefined : readCounts(bytes);
        return found ? [[room, found] as const] : [];
      }),
    );
    const names = [...counts.keys()];
    const states = names.length > 0 ? await this.#redis.hmgetBuffer(this.#key(bucket, 'state'), ...names) : [];
    return {
      bucket,
      start,
      rooms: names.flatMap((room, n) => {
        const stored = readRoom(states[n]);
        const windows = [{ start, final: true, counts: counts.get(room) ?? new Map() }];
        return stored ? [{ room, windows, totals: stored.totals, late: stored.late }] : [];
      }),
    };
  }

  async #lackingKeys(now: number): Promise<number[]> {
    const lacking = await this.#eachBucket(async (bucket) => {
      const starts = await this.#redis.zrange(this.#key(bucket, 'windows'), 0, -1).catch(orIfDamaged([]));
      for (let from = 0; from === 0 || from < starts.length; from += CHECK_AT_ONCE)
        if (await this.#lacksKeys(bucket, starts.slice(from, from + CHECK_AT_ONCE), now)) return [bucket];
      return [];
    });
    return lacking.flat();
  }

  async #lacksKeys(bucket: number, starts: readonly string[], now: number): Promise<boolean> {
    const keys = this.#bucketKeys(bucket, starts);
    const notOver = now - this.#options.windowMs - this.#options.watermarkMs;
    const reply = await this.#redis.lacksKeys(keys.length, ...keys, notOver, ...starts).catch(orIfDamaged(1));
    return reply === 1;
  }

  #bucketKeys(bucket: number, starts: readonly string[]): string[] {
    return [
      ...['state', 'windows', 'open'].map((part) => this.#key(bucket, part)),
      ...starts.map((start) => this.#windowKey(bucket, start)),
    ];
  }

  async #trimWindows(bucket: number, now: number): Promise<void> {
    const before = now - this.#options.windowRetentionMs;
    for (;;) {
      const starts = await this.#redis
        .zrangebyscore(this.#key(bucket, 'windows'), '-inf', before, 'LIMIT', 0, TRIM_AT_ONCE)
        .catch(orIfDamaged([]));
      if (starts.length === 0) return;
      const keys = this.#bucketKeys(bucket, starts);
      await this.#redis.trimWindows(keys.length, ...keys, ...starts);
    }
  }

  async #trimRooms(bucket: number, now: number): Promise<void> {
    const key = this.#key(bucket, 'state');
    const before = (now - this.#options.roomRetentionMs) / 1000;
    let cursor = '0';
    do {
      const [next, found] = await this.#redis
        .hscanBuffer(key, cursor, 'COUNT', 500)
        .catch(orIfDamaged(['0', [] as Buffer[]] as const));
      cursor = String(next);
      for (let n = 0; n < found.length; n += 2) {
        const [room, bytes] = [String(found[n]), found[n + 1]];
        const stored = room.startsWith(' ') ? undefined : readRoom(bytes);
        if (bytes && stored && stored.changedAt < before) await this.#redis.forgetRoom(1, key, room, bytes);
      }
    } while (cursor !== '0');
  }

  #eachBucket<T>(work: (bucket: number) => Promise<T>): Promise<T[]> {
    return Promise.all(Array.from({ length: this.buckets }, (_, bucket) => work(bucket)));
  }

  #key(bucket: number, part: string): string {
    return `emoji:{${bucketsName(this.buckets)}.${bucket}}:${part}`;
  }

  #windowKey(bucket: number, start: number | string): string {
    return this.#key(bucket, `window:${start}`);
  }

  #idKeys(bucket: number, topicPartition: string): string[] {
    return ['even', 'odd'].map((half) => this.#key(bucket, `ids:${topicPartition}:${half}`));
  }
}

const orIfDamaged =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (isDamage(error)) return instead;
    throw error;
  };

/** From a script's answer: topic-partition, offset, newest, ... */
const progressFrom = (flat: readonly unknown[]): Map<string, Progress> => {
  const progress = new Map<string, Progress>();
  for (let n = 0; n < flat.length; n += 3)
    progress.set(String(flat[n]), { offset: Number(flat[n + 1]), newest: Number(flat[n + 2]) });
  return progress;
};
