import { hash } from 'node:crypto';
import { touchedWindows, type BucketBatch, type IdentifiedTap } from '../../domain/counting.ts';

/** 72 bits in 12 ASCII characters: the probability of a collision among ten million ids is about 1 in 100 million. */
const shortId = (id: string): string => hash('sha256', id, 'base64url').slice(0, 12);

/** A batch in the form of `lua/apply-batch.lua`, with what is needed to read its answer. */
export interface EncodedBatch {
  json: string;
  topicPartitions: string[];
  /** Starts of the windows, in the order of their keys. */
  starts: number[];
  /** Rooms with the starts of their touched windows, in the order of the answer. */
  rooms: { room: string; starts: number[] }[];
}

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

type RoomWindows = Map<string, { late: number; windows: Map<number, Map<string, number>> }>;

/** The touched windows of each room, with the taps without an id in these partitions. */
const sumOf = (batch: BucketBatch, partitions: ReadonlySet<string>): RoomWindows => {
  const sum: RoomWindows = new Map();
  for (const [room, starts] of touchedWindows(batch))
    sum.set(room, { late: 0, windows: new Map([...starts].map((start) => [start, new Map<string, number>()])) });
  for (const [name, part] of batch.partitions) {
    if (!partitions.has(name)) continue;
    for (const [room, { late, windows }] of part.rooms) {
      const into = sum.get(room);
      if (!into) continue;
      into.late += late;
      for (const [start, emojis] of windows) {
        const counts = into.windows.get(start);
        for (const [emoji, taps] of emojis) counts?.set(emoji, taps + (counts.get(emoji) ?? 0));
      }
    }
  }
  return sum;
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
  const [rooms, windows, emojis] = [new Indexed<string>(), new Indexed<number>(), new Indexed<string>()];
  const sum = sumOf(batch, partitions);

  const numbers: number[] = [];
  for (const [room, { late, windows: touched }] of sum) {
    rooms.indexOf(room);
    numbers.push(late, touched.size);
    for (const [start, counts] of touched) {
      numbers.push(windows.indexOf(start), counts.size);
      for (const [emoji, taps] of counts) numbers.push(emojis.indexOf(emoji), taps);
    }
  }

  const encodeIdentified = (taps: readonly IdentifiedTap[]) => {
    const combinations: number[] = [];
    const indexes = new Map<string, number>();
    const sequence: (number | number[])[] = [];
    let [time, run] = [-1, [] as number[]];
    for (const { room, start, emoji, count, appended } of taps) {
      const key = `${room} ${start} ${emoji} ${count}`;
      let index = indexes.get(key);
      if (index === undefined) {
        const window = start === undefined ? 0 : windows.indexOf(start);
        combinations.push(rooms.indexOf(room), window, emojis.indexOf(emoji), count);
        indexes.set(key, (index = combinations.length / 4));
      }
      if (appended !== time) sequence.push((time = appended), (run = []));
      run.push(index);
    }
    return { k: taps.map(({ id }) => shortId(id)).join(''), c: combinations, s: sequence };
  };

  const p = [...batch.partitions].map(([name, part]) => ({
    ...{ t: name, f: part.first, l: part.last, m: part.newest, a: part.appended },
    ...(partitions.has(name)
      ? { x: 1, ...(part.identified.length > 0 && { i: encodeIdentified(part.identified) }) }
      : { x: 0 }),
  }));
  const w = windows.values.flatMap((start) => [start, overAt(start)]);
  return {
    json: JSON.stringify({ p, e: emojis.values, r: rooms.values, w, n: numbers }),
    topicPartitions: [...batch.partitions.keys()],
    starts: windows.values,
    rooms: [...sum].map(([room, { windows: touched }]) => ({ room, starts: [...touched.keys()] })),
  };
};
