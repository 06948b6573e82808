import { hash } from 'node:crypto';
import { encode } from '@msgpack/msgpack';
import { touchedWindows, type BucketBatch, type IdentifiedTap } from '../../domain/counting.ts';

/** 72 bits in 12 ASCII characters: the probability of a collision among ten million ids is about 1 in 100 million. */
const shortId = (id: string): string => hash('sha256', id, 'base64url').slice(0, 12);

/** A batch in the form of `lua/apply-batch.lua`, with what is needed to read its answer. */
export interface EncodedBatch {
  bytes: Buffer;
  topicPartitions: string[];
  /** Starts of the windows, in the order of their keys. */
  starts: number[];
  /** Rooms with the starts of their touched windows, in the order of the answer. */
  rooms: { room: string; starts: number[] }[];
}

const bytesOf = (value: unknown): Buffer => {
  const { buffer, byteOffset, byteLength } = encode(value);
  return Buffer.from(buffer, byteOffset, byteLength);
};

/** Values in the order of their first use. Indexes begin at 1, as in Lua. */
class Indexed<T> {
  readonly values: T[] = [];
  readonly #indexes = new Map<T, number>();

  indexOf(value: T): number {
    const known = this.#indexes.get(value);
    if (known !== undefined) return known;
    this.#indexes.set(value, this.values.push(value));
    return this.values.length;
  }
}

/** What the batch adds to a count, and the position of that number in the encoded batch. */
interface Cell {
  taps: number;
  position: number;
}

interface RoomCells {
  late: Cell;
  /** start of the window → emoji → cell */
  windows: Map<number, Map<string, Cell>>;
}

const newCell = (): Cell => ({ taps: 0, position: 0 });

const cellOf = ({ late, windows }: RoomCells, start: number | undefined, emoji: string): Cell => {
  if (start === undefined) return late;
  const cells = windows.get(start) ?? new Map<string, Cell>();
  windows.set(start, cells);
  const cell = cells.get(emoji) ?? newCell();
  cells.set(emoji, cell);
  return cell;
};

/**
 * The touched windows of each room, with what the taps without an id in these partitions add. The taps with an id have
 * cells too.
 */
const cellsOf = (batch: BucketBatch, partitions: ReadonlySet<string>): Map<string, RoomCells> => {
  const rooms = new Map<string, RoomCells>();
  for (const [room, starts] of touchedWindows(batch))
    rooms.set(room, {
      late: newCell(),
      windows: new Map([...starts].map((start) => [start, new Map<string, Cell>()])),
    });
  for (const [name, part] of batch.partitions) {
    if (!partitions.has(name)) continue;
    for (const [room, { late, windows }] of part.rooms) {
      const cells = rooms.get(room);
      if (!cells) continue;
      cells.late.taps += late;
      for (const [start, emojis] of windows)
        for (const [emoji, taps] of emojis) cellOf(cells, start, emoji).taps += taps;
    }
    for (const { room, start, emoji } of part.identified) {
      const cells = rooms.get(room);
      if (cells) cellOf(cells, start, emoji);
    }
  }
  return rooms;
};

/**
 * @param partitions those whose taps are to be counted; of the others only the counts are read
 * @param overAt the time (ms) at which a window is reported as final; 0: never
 */
export const encodeBatch = (
  batch: BucketBatch,
  partitions: ReadonlySet<string>,
  overAt: (start: number) => number,
): EncodedBatch => {
  const [windows, emojis] = [new Indexed<number>(), new Indexed<string>()];
  const cells = cellsOf(batch, partitions);

  const numbers: number[] = [];
  for (const { late, windows: touched } of cells.values()) {
    late.position = numbers.push(late.taps);
    numbers.push(touched.size);
    for (const [start, counts] of touched) {
      numbers.push(windows.indexOf(start), counts.size);
      for (const [emoji, cell] of counts) cell.position = numbers.push(emojis.indexOf(emoji), cell.taps);
    }
  }

  const encodeIdentified = (taps: readonly IdentifiedTap[]) => {
    const ids = taps.map(({ id }) => shortId(id));
    const sequence: (number | number[])[] = [];
    let [time, run] = [-1, [] as number[]];
    for (const { room, start, emoji, count, appended } of taps) {
      if (appended !== time) sequence.push((time = appended), (run = []));
      const ofRoom = cells.get(room);
      if (ofRoom) run.push(cellOf(ofRoom, start, emoji).position, count);
    }
    return { k: ids.join(''), d: new Set(ids).size < ids.length ? 1 : 0, s: sequence };
  };

  const p = [...batch.partitions].map(([name, part]) => ({
    ...{ t: name, f: part.first, l: part.last, m: part.newest, a: part.appended },
    ...(partitions.has(name)
      ? { x: 1, ...(part.identified.length > 0 && { i: encodeIdentified(part.identified) }) }
      : { x: 0 }),
  }));
  const w = windows.values.flatMap((start) => [start, overAt(start)]);
  return {
    bytes: bytesOf({ p, e: emojis.values, r: [...cells.keys()], w, n: numbers }),
    topicPartitions: [...batch.partitions.keys()],
    starts: windows.values,
    rooms: [...cells].map(([room, { windows: touched }]) => ({ room, starts: [...touched.keys()] })),
  };
};
