import { decode } from '@msgpack/msgpack';
import type { Cluster, Redis } from 'ioredis';
import { BUCKETS } from '../../lib/config/topics.ts';
import { bucketOf } from '../../lib/domain/bucket.ts';
import type { Counts } from './topic-counts.ts';

/** The counts of a room in Redis. */
export interface StoredRoom {
  /** The counts of every retained window, and late taps. */
  counts: Counts;
  totals: ReadonlyMap<string, number>;
}

const key = (room: string, part: string) => `emoji:{m${BUCKETS}.${bucketOf(room, BUCKETS)}}:${part}`;
const values = (bytes: Buffer | null) => (bytes ? (decode(bytes) as (string | number)[]) : []);
/** Of an array of emojis, each with its taps. */
const numbers = (array: readonly (string | number)[]) =>
  Array.from({ length: array.length / 2 }, (_, n) => [String(array[2 * n]), Number(array[2 * n + 1])] as const);

/** Reads the Redis keys directly (`lua/apply-batch.lua` describes them), not through the platform's code. */
export async function storedRoom(redis: Redis | Cluster, room: string): Promise<StoredRoom> {
  const [state, starts] = await Promise.all([
    redis.hgetBuffer(key(room, 'state'), room),
    redis.zrange(key(room, 'windows'), 0, -1),
  ]);
  const windows = await Promise.all(
    starts.map(async (start) =>
      numbers(values(await redis.hgetBuffer(key(room, `window:${start}`), room))).map(
        ([emoji, taps]) => [`${start} ${emoji}`, taps] as const,
      ),
    ),
  );
  const [late = 0, , windowCount = 0, ...rest] = values(state);
  return {
    counts: new Map([...windows.flat(), ...(Number(late) > 0 ? [['late', Number(late)] as const] : [])]),
    totals: new Map(numbers(rest.slice(Number(windowCount)))),
  };
}
