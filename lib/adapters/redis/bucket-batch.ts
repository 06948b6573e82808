import { hash } from 'node:crypto';
import { touchedWindows, type BucketBatch, type IdentifiedTap, type RoomTaps } from '../../domain/counting.ts';

/** 72 bits in 12 ASCII characters: the probability of a collision among ten million ids is about 1 in 100 million. */
const shortId = (id: string): string => hash('sha256', id, 'base64url').slice(0, 12);

/** A batch in the form of `lua/apply-batch.lua`, with what is needed to read its answer. */
export interface EncodedBatch {
  json: string;
  topicPartitions: string[];
  /** Starts of the windows, in the order of their keys. */
  starts: number[];
  /** Rooms with the starts of their changed windows, in the order of the answer. */
  rooms: { room: string; starts: number[] }[];
}

/** @param overAt the time (ms) at which a window is reported as final; 0: never */
export const encodeBatch = (batch: BucketBatch, overAt: (start: number) => number): EncodedBatch => {
  const rooms = [...touchedWindows(batch)].map(([room, starts]) => ({ room, starts: [...starts] }));
  const roomIndex = new Map(rooms.map(({ room }, n) => [room, n + 1]));
  const starts = [...new Set(rooms.flatMap((room) => room.starts))];
  const windowIndex = new Map(starts.map((start, n) => [start, n + 1]));

  const encodeRoom = ([room, { late, windows }]: [string, RoomTaps]) => [
    roomIndex.get(room),
    late,
    [...windows].flatMap(([start, emojis]) =>
      [...emojis].map(([emoji, taps]) => [windowIndex.get(start), emoji, taps]),
    ),
  ];
  const encodeIdentified = (taps: readonly IdentifiedTap[]) => {
    const combinations: unknown[] = [];
    const combinationIndex = new Map<string, number>();
    const sequence: (number | number[])[] = [];
    let [time, run] = [-1, [] as number[]];
    for (const { room, start, emoji, count, appended } of taps) {
      const key = `${room} ${start} ${emoji} ${count}`;
      let index = combinationIndex.get(key);
      if (index === undefined) {
        combinations.push([roomIndex.get(room), start === undefined ? 0 : windowIndex.get(start), emoji, count]);
        combinationIndex.set(key, (index = combinations.length));
      }
      if (appended !== time) sequence.push((time = appended), (run = []));
      run.push(index);
    }
    return { k: taps.map(({ id }) => shortId(id)).join(''), c: combinations, s: sequence };
  };

  const p = [...batch.partitions].map(([name, part]) => ({
    ...{ t: name, f: part.first, l: part.last, m: part.newest, a: part.appended },
    r: [...part.rooms].map(encodeRoom),
    ...(part.identified.length > 0 ? { i: encodeIdentified(part.identified) } : {}),
  }));
  return {
    json: JSON.stringify({
      p,
      r: rooms.map((entry) => [entry.room, entry.starts.map((start) => windowIndex.get(start))]),
      w: starts.map((start) => [start, overAt(start)]),
    }),
    topicPartitions: [...batch.partitions.keys()],
    starts,
    rooms,
  };
};
