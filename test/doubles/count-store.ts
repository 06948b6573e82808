import { bucketOf } from '../../lib/domain/bucket.ts';
import {
  touchedWindows,
  type BucketBatch,
  type IdentifiedTap,
  type PartitionBatch,
} from '../../lib/domain/counting.ts';
import type { RoomCounts } from '../../lib/domain/frame.ts';
import type { WindowSettings } from '../../lib/domain/window.ts';
import type { BucketOutcome, CountStore, OverdueWindow, Progress, ProgressMap } from '../../lib/ports.ts';

interface Settings extends WindowSettings {
  buckets: number;
  idTtlMs: number;
  idLimit: number;
  maxEmojis: number;
  windowRetentionMs: number;
}

interface Partition extends Progress {
  appended: number;
  /** When the current generation of ids began (ms). */
  began: number;
  current: Set<string>;
  previous: Set<string>;
}

interface Room {
  totals: Map<string, number>;
  late: number;
  windows: Map<number, Map<string, number>>;
}

export interface Bucket {
  partitions: Map<string, Partition>;
  rooms: Map<string, Room>;
  /** start of a window → when it is over */
  open: Map<number, number>;
  horizon: number;
}

const emptyBucket = (): Bucket => ({ partitions: new Map(), rooms: new Map(), open: new Map(), horizon: 0 });
const emptyRoom = (): Room => ({ totals: new Map(), late: 0, windows: new Map() });
const emptyPartition = (): Partition => ({
  ...{ offset: -1, newest: -1, appended: 0, began: 0 },
  ...{ current: new Set(), previous: new Set() },
});

const OTHER = ':other:';

/** A count store in memory, for unit tests. It can simulate failovers to an older copy. */
export class MemoryCountStore implements CountStore {
  readonly buckets: number;
  bucketsHeld: Bucket[];
  readonly #settings: Settings;

  constructor(settings: WindowSettings & Partial<Settings>) {
    this.#settings = {
      ...{ buckets: 4, idTtlMs: 600_000, idLimit: 1000, maxEmojis: 64, windowRetentionMs: 86_400_000 },
      ...settings,
    };
    this.buckets = this.#settings.buckets;
    this.bucketsHeld = Array.from({ length: this.buckets }, emptyBucket);
  }

  /** A copy of all buckets, like a replica. */
  copy(): Bucket[] {
    return structuredClone(this.bucketsHeld);
  }

  /** Simulates a failover: replaces these buckets (by default all) by those of the copy. */
  failOver(copy: readonly Bucket[], buckets: Iterable<number> = copy.keys()): void {
    const restored = structuredClone(copy);
    for (const bucket of buckets) this.bucketsHeld[bucket] = restored[bucket] ?? emptyBucket();
  }

  /** Simulates FLUSHALL. */
  lose(): void {
    this.bucketsHeld = Array.from({ length: this.buckets }, emptyBucket);
  }

  async apply(batches: readonly BucketBatch[], now: number, recount = false): Promise<BucketOutcome[]> {
    return batches.map((batch) => this.#applyOne(batch, now, recount));
  }

  async progress(topicPartitions: readonly string[]): Promise<ProgressMap[]> {
    return this.bucketsHeld.map(
      ({ partitions }) =>
        new Map(
          topicPartitions.map((name) => {
            const { offset, newest } = partitions.get(name) ?? emptyPartition();
            return [name, { offset, newest }];
          }),
        ),
    );
  }

  async discardIncomplete(): Promise<number[]> {
    return [];
  }

  async discard(bucket: number): Promise<void> {
    this.bucketsHeld[bucket] = emptyBucket();
  }

  async overdue(now: number): Promise<OverdueWindow[]> {
    const { windowMs, watermarkMs } = this.#settings;
    for (const { open } of this.bucketsHeld)
      for (const [start, over] of open)
        if (over > now + windowMs + watermarkMs + 60_000) open.set(start, now + windowMs);
    return this.bucketsHeld.flatMap((held, bucket) =>
      [...held.open].flatMap(([start, over]) =>
        over > now
          ? []
          : [
              {
                bucket,
                start,
                rooms: [...held.rooms].flatMap(([room, { totals, late, windows }]): RoomCounts[] => {
                  const counts = windows.get(start);
                  return counts
                    ? [
                        {
                          room,
                          windows: [{ start, final: true, counts: new Map(counts) }],
                          totals: new Map(totals),
                          late,
                        },
                      ]
                    : [];
                }),
              },
            ],
      ),
    );
  }

  async markFinal(windows: readonly OverdueWindow[], now: number): Promise<void> {
    for (const { bucket, start } of windows) {
      const open = this.bucketsHeld[bucket]?.open;
      if (open && (open.get(start) ?? Infinity) <= now) open.delete(start);
    }
  }

  async trim(now: number): Promise<void> {
    const before = now - this.#settings.windowRetentionMs;
    for (const bucket of this.bucketsHeld) {
      for (const { windows } of bucket.rooms.values())
        for (const start of windows.keys()) {
          if (start > before) continue;
          windows.delete(start);
          bucket.horizon = Math.max(bucket.horizon, start + 1);
          bucket.open.delete(start);
        }
    }
  }

  async snapshot(room: string): Promise<Omit<RoomCounts, 'room'>> {
    const bucket = this.bucketsHeld[bucketOf(room, this.buckets)] ?? emptyBucket();
    const held = bucket.rooms.get(room);
    if (!held) return { windows: [], totals: new Map(), late: 0 };
    const newest = [...held.windows].sort(([a], [b]) => b - a).slice(0, 10);
    return {
      windows: newest.map(([start, counts]) => ({ start, counts: new Map(counts), final: !bucket.open.has(start) })),
      totals: new Map(held.totals),
      late: held.late,
    };
  }

  #applyOne(batch: BucketBatch, now: number, recount: boolean): BucketOutcome {
    const { bucket } = batch;
    const held = this.bucketsHeld[bucket] ?? emptyBucket();
    const fresh: [Partition, PartitionBatch][] = [];
    const partial = new Map<string, Progress>();
    const progress = new Map<string, Progress>();
    let isBehind = false;
    for (const [name, part] of batch.partitions) {
      const known = held.partitions.get(name) ?? emptyPartition();
      progress.set(name, { offset: known.offset, newest: known.newest });
      if (part.last <= known.offset) {
        if (part.newest > known.newest) return { bucket, state: 'topic_recreated' };
      } else if (part.first > known.offset + 1) isBehind = true;
      else if (part.first <= known.offset) partial.set(name, { offset: known.offset, newest: known.newest });
      else {
        held.partitions.set(name, known);
        fresh.push([known, part]);
      }
    }
    if (isBehind) return { bucket, state: 'behind', progress };
    for (const [known, part] of fresh) {
      for (const [room, { late, windows }] of part.rooms) {
        if (late > 0) this.#add(held, { room, start: undefined, emoji: '', count: late }, now, recount);
        for (const [start, emojis] of windows)
          for (const [emoji, count] of emojis) this.#add(held, { room, start, emoji, count }, now, recount);
      }
      for (const tap of part.identified) if (this.#isFirst(known, tap)) this.#add(held, tap, now, recount);
      known.offset = part.last;
      known.newest = Math.max(known.newest, part.newest);
      known.appended = Math.max(known.appended, part.appended);
    }
    const rooms = [...touchedWindows(batch)].map(([room, starts]): RoomCounts => {
      const { totals, late, windows } = held.rooms.get(room) ?? emptyRoom();
      const touched = [...starts].flatMap((start) => {
        const counts = windows.get(start);
        return counts ? [{ start, counts: new Map(counts), final: false }] : [];
      });
      return { room, windows: touched, totals: new Map(totals), late };
    });
    return { bucket, state: 'counted', rooms, partial };
  }

  #isFirst(known: Partition, { id, appended }: IdentifiedTap): boolean {
    const { idTtlMs, idLimit } = this.#settings;
    const time = (known.appended = Math.max(known.appended, appended));
    if (known.current.size === 0 && known.previous.size === 0) known.began = time;
    else if (time - known.began >= 2 * idTtlMs)
      Object.assign(known, { began: time, current: new Set(), previous: new Set() });
    else if (time - known.began >= idTtlMs || known.current.size >= idLimit)
      Object.assign(known, { began: time, current: new Set(), previous: known.current });
    if (known.current.has(id) || known.previous.has(id)) return false;
    known.current.add(id);
    return true;
  }

  #add(
    held: Bucket,
    { room, start, emoji, count }: Pick<IdentifiedTap, 'room' | 'start' | 'emoji' | 'count'>,
    now: number,
    recount: boolean,
  ): void {
    const { windowMs, watermarkMs, maxEmojis } = this.#settings;
    const state = held.rooms.get(room) ?? emptyRoom();
    held.rooms.set(room, state);
    if (start === undefined) {
      state.late += count;
      return;
    }
    const kinds = state.totals.size - (state.totals.has(OTHER) ? 1 : 0);
    const kind = state.totals.has(emoji) || kinds < maxEmojis ? emoji : OTHER;
    state.totals.set(kind, (state.totals.get(kind) ?? 0) + count);
    if (start < held.horizon) return;
    const window = state.windows.get(start) ?? new Map<string, number>();
    state.windows.set(start, window);
    window.set(kind, (window.get(kind) ?? 0) + count);
    const over = start + windowMs + watermarkMs;
    if (recount && over < now - 600_000) return;
    held.open.set(start, Math.max(over, now + windowMs, held.open.get(start) ?? 0));
  }
}
