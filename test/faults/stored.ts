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

const key = (room: string, part: string) => `emoji:{c${BUCKETS}.${bucketOf(room, BUCKETS)}}:${part}`;
const numbers = (text: string | null) => Object.entries(JSON.parse(text ?? '{}') as Record<string, number>);

/** Reads the Redis keys directly (`lua/apply-batch.lua` describes them), not through the platform's code. */
export async function storedRoom(redis: Redis | Cluster, room: string): Promise<StoredRoom> {
  const [state, starts] = await Promise.all([
    redis.hget(key(room, 'state'), room),
    redis.zrange(key(room, 'windows'), 0, -1),
  ]);
  const windows = await Promise.all(
    starts.map(async (start) =>
      numbers(await redis.hget(key(room, `window:${start}`), room)).map(
        ([emoji, taps]) => [`${start} ${emoji}`, taps] as const,
      ),
    ),
  );
  const { c = {}, l = 0 } = JSON.parse(state ?? '{}') as { c?: Record<string, number>; l?: number };
  return {
    counts: new Map([...windows.flat(), ...(l > 0 ? [['late', l] as const] : [])]),
    totals: new Map(Object.entries(c)),
  };
}
