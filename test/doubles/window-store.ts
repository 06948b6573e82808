import { touched, type IdentifiedTaps, type PartitionCounts, type RoomBatch } from '../../lib/domain/counting.ts';
import type { Counted, Spans } from '../../lib/domain/progress.ts';
import type { WindowTotals } from '../../lib/domain/update.ts';
import type { WindowSettings } from '../../lib/domain/window.ts';
import type { AppliedRoom, Counts, RoomSnapshot, WindowStore } from '../../lib/ports.ts';

interface Settings extends WindowSettings {
  /** How long (ms) an `event_id` is remembered. */
  idTtlMs: number;
}

interface Room {
  offsets: Map<string, number>;
  totals: Map<string, number>;
  late: number;
  windows: Map<number, Map<string, number>>;
  /** start of a window → when it is over */
  open: Map<number, number>;
  /** id → when its tap was received */
  ids: Map<string, number>;
  lateIds: Map<string, number>;
  lookAt: number;
}

interface Generation {
  counted: Map<string, Counted>;
  rooms: Map<string, Room>;
}

const increase = (counts: Map<string, number>, emoji: string, taps: number) =>
  counts.set(emoji, (counts.get(emoji) ?? 0) + taps);

const roomOf = ({ rooms }: Generation, name: string): Room => {
  let room = rooms.get(name);
  if (!room) {
    room = {
      offsets: new Map(),
      totals: new Map(),
      late: 0,
      windows: new Map(),
      open: new Map(),
      ids: new Map(),
      lateIds: new Map(),
      lookAt: Infinity,
    };
    rooms.set(name, room);
  }
  return room;
};

const windowOf = (name: string, room: Room, start: number, final: boolean): WindowTotals => ({
  room: name,
  start,
  final,
  counts: new Map(room.windows.get(start)),
});

/** The counts in this process's memory, for unit tests; the same contract as Redis, nothing survives. */
export class MemoryWindowStore implements WindowStore {
  readonly #settings: Settings;
  #generation: Generation = { counted: new Map(), rooms: new Map() };

  constructor(settings: WindowSettings & { idTtlMs?: number }) {
    this.#settings = { idTtlMs: 600_000, ...settings };
  }

  async open(): Promise<Counts> {
    const opened = this.#generation;
    return new MemoryCounts(opened, this.#settings, {
      isValid: () => this.#generation === opened,
      renew: () => this.lose(),
    });
  }

  async snapshot(name: string, newest: number): Promise<RoomSnapshot> {
    const room = roomOf(this.#generation, name);
    const starts = [...room.windows.keys()].sort((a, b) => b - a).slice(0, newest);
    return {
      windows: starts.map((start) => windowOf(name, room, start, !room.open.has(start))),
      totals: new Map(room.totals),
      late: room.late,
    };
  }

  /** Everything is gone, as after FLUSHALL. */
  lose(): void {
    this.#generation = { counted: new Map(), rooms: new Map() };
  }
}

class MemoryCounts implements Counts {
  readonly counted: ReadonlyMap<string, Counted>;
  readonly #generation: Generation;
  readonly #settings: Settings;
  readonly #store: { isValid(): boolean; renew(): void };

  constructor(generation: Generation, settings: Settings, store: { isValid(): boolean; renew(): void }) {
    this.counted = new Map(generation.counted);
    this.#generation = generation;
    this.#settings = settings;
    this.#store = store;
  }

  async apply(batches: readonly RoomBatch[], now: number): Promise<AppliedRoom[]> {
    return batches.map((batch) => this.#applyRoom(batch, now));
  }

  async overdue(now: number): Promise<WindowTotals[]> {
    const { rooms } = this.#generation;
    return [...rooms].flatMap(([name, room]) => (room.lookAt <= now ? this.#final(name, room, now) : []));
  }

  async settle(rooms: readonly string[], now: number): Promise<void> {
    for (const name of rooms) {
      const room = roomOf(this.#generation, name);
      for (const [start, overAt] of room.open) if (overAt <= now) room.open.delete(start);
      if (room.lookAt <= now) room.lookAt = Infinity;
    }
  }

  async advance(spans: Spans): Promise<boolean> {
    if (!this.#store.isValid()) return false;
    const { counted } = this.#generation;
    const known = (partition: string) => counted.get(partition) ?? { offset: -1, newest: -1 };
    if ([...spans].some(([partition, { first }]) => known(partition).offset + 1 < first)) {
      this.#store.renew();
      return false;
    }
    for (const [partition, { last, newest }] of spans) {
      const before = known(partition);
      counted.set(partition, { offset: Math.max(before.offset, last), newest: Math.max(before.newest, newest) });
    }
    return true;
  }

  async discard(): Promise<void> {
    if (this.#store.isValid()) this.#store.renew();
  }

  #applyRoom(batch: RoomBatch, now: number): AppliedRoom {
    const { windowMs, watermarkMs } = this.#settings;
    const room = roomOf(this.#generation, batch.room);
    const partial = new Map<string, number>();
    for (const [partition, part] of batch.partitions) {
      const counted = room.offsets.get(partition) ?? -1;
      if (counted < part.first) this.#count(room, partition, part);
      else if (counted < part.last) partial.set(partition, counted);
    }
    const windows: WindowTotals[] = [];
    for (const [start, emojis] of touched(batch)) {
      const counts = room.windows.get(start);
      if (!counts) continue;
      const overAt = Math.max(start + windowMs + watermarkMs, now + windowMs);
      room.open.set(start, overAt);
      room.lookAt = Math.max(room.lookAt === Infinity ? 0 : room.lookAt, overAt);
      windows.push({
        room: batch.room,
        start,
        final: false,
        counts: new Map([...counts].filter(([emoji]) => emojis.has(emoji))),
      });
    }
    return { room: batch.room, partial, windows: [...windows, ...this.#final(batch.room, room, now)] };
  }

  #count(room: Room, partition: string, part: PartitionCounts): void {
    const add = (start: number, emoji: string, taps: number) => {
      if (taps === 0) return;
      let window = room.windows.get(start);
      if (!window) room.windows.set(start, (window = new Map()));
      increase(window, emoji, taps);
      increase(room.totals, emoji, taps);
    };
    for (const [start, emojis] of part.windows) for (const [emoji, taps] of emojis) add(start, emoji, taps);
    room.late += part.late;
    for (const group of part.identified.values()) {
      const taps = group.count * this.#remember(room, group);
      if (group.start === undefined) room.late += taps;
      else {
        add(group.start, group.emoji, taps);
        room.late -= group.count * this.#withdraw(room, group);
      }
    }
    room.offsets.set(partition, part.last);
  }

  /** How many of the taps are new; from now on they are known. */
  #remember(room: Room, { start, received }: IdentifiedTaps): number {
    const sets = start === undefined ? [room.lateIds, room.ids] : [room.ids];
    const isKnown = (id: string, at: number) =>
      sets.some((set) => Math.abs(at - (set.get(id) ?? -Infinity)) <= this.#settings.idTtlMs);
    const fresh = [...received].filter(([id, at]) => !isKnown(id, at));
    for (const [id, at] of fresh) sets[0]?.set(id, at);
    return fresh.length;
  }

  /** How many of the taps are copies of late ones; those are late no longer. */
  #withdraw({ lateIds }: Room, { received }: IdentifiedTaps): number {
    const late = [...received].filter(
      ([id, at]) => Math.abs(at - (lateIds.get(id) ?? -Infinity)) <= this.#settings.idTtlMs,
    );
    for (const [id] of late) lateIds.delete(id);
    return late.length;
  }

  #final(name: string, room: Room, now: number): WindowTotals[] {
    return [...room.open].flatMap(([start, overAt]) => (overAt <= now ? [windowOf(name, room, start, true)] : []));
  }
}
