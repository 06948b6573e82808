import { touched, type PartitionCounts, type RoomBatch } from '../../domain/counting.ts';
import type { WindowTotals } from '../../domain/update.ts';
import type { WindowSettings } from '../../domain/window.ts';
import type { AppliedRoom, RoomSnapshot, WindowStore } from '../../ports.ts';

interface Room {
  offsets: Map<string, number>;
  totals: Map<string, number>;
  late: number;
  windows: Map<number, Map<string, number>>;
  /** start of a window → when it is over */
  open: Map<number, number>;
  lookAt: number;
}

const increase = (counts: Map<string, number>, emoji: string, taps: number) =>
  counts.set(emoji, (counts.get(emoji) ?? 0) + taps);

/** The counts in this process's memory, for unit tests; the same contract as Redis, nothing survives. */
export class MemoryWindowStore implements WindowStore {
  readonly #rooms = new Map<string, Room>();
  readonly #settings: WindowSettings;

  constructor(settings: WindowSettings) {
    this.#settings = settings;
  }

  async apply(batches: readonly RoomBatch[], now: number): Promise<AppliedRoom[]> {
    return batches.map((batch) => this.#applyRoom(batch, now));
  }

  async overdue(now: number): Promise<WindowTotals[]> {
    return [...this.#rooms].flatMap(([name, room]) => (room.lookAt <= now ? this.#final(name, room, now) : []));
  }

  async settle(rooms: readonly string[], now: number): Promise<void> {
    for (const name of rooms) {
      const room = this.#room(name);
      for (const [start, overAt] of room.open) if (overAt <= now) room.open.delete(start);
      if (room.lookAt <= now) room.lookAt = Infinity;
    }
  }

  async snapshot(name: string, newest: number): Promise<RoomSnapshot> {
    const room = this.#room(name);
    const starts = [...room.windows.keys()].sort((a, b) => b - a).slice(0, newest);
    return {
      windows: starts.map((start) => this.#window(name, room, start, !room.open.has(start))),
      totals: new Map(room.totals),
      late: room.late,
    };
  }

  #applyRoom(batch: RoomBatch, now: number): AppliedRoom {
    const { windowMs, watermarkMs } = this.#settings;
    const room = this.#room(batch.room);
    const partial = new Map<string, number>();
    for (const [partition, part] of batch.partitions) {
      const counted = room.offsets.get(partition) ?? -1;
      if (counted < part.first) this.#count(room, partition, part);
      else if (counted < part.last) partial.set(partition, counted);
    }
    const windows: WindowTotals[] = [];
    for (const [start, emojis] of touched(batch)) {
      const overAt = Math.max(start + windowMs + watermarkMs, now + windowMs);
      room.open.set(start, overAt);
      room.lookAt = Math.max(room.lookAt === Infinity ? 0 : room.lookAt, overAt);
      const counts = room.windows.get(start);
      windows.push({
        room: batch.room,
        start,
        final: false,
        counts: new Map([...emojis].map((emoji) => [emoji, counts?.get(emoji) ?? 0])),
      });
    }
    return { room: batch.room, partial, windows: [...windows, ...this.#final(batch.room, room, now)] };
  }

  #count(room: Room, partition: string, part: PartitionCounts): void {
    for (const [start, emojis] of part.windows) {
      let window = room.windows.get(start);
      if (!window) room.windows.set(start, (window = new Map()));
      for (const [emoji, taps] of emojis) {
        increase(window, emoji, taps);
        increase(room.totals, emoji, taps);
      }
    }
    room.late += part.late;
    room.offsets.set(partition, part.last);
  }

  #final(name: string, room: Room, now: number): WindowTotals[] {
    return [...room.open].flatMap(([start, overAt]) => (overAt <= now ? [this.#window(name, room, start, true)] : []));
  }

  #window(name: string, room: Room, start: number, final: boolean): WindowTotals {
    return { room: name, start, final, counts: new Map(room.windows.get(start)) };
  }

  #room(name: string): Room {
    let room = this.#rooms.get(name);
    if (!room) {
      room = { offsets: new Map(), totals: new Map(), late: 0, windows: new Map(), open: new Map(), lookAt: Infinity };
      this.#rooms.set(name, room);
    }
    return room;
  }
}
