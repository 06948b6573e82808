import type { Logger } from '../../log.ts';
import { primaries, type RedisClient } from './client.ts';

/** The number of buckets whose counts this Redis holds. */
const LAYOUT = 'emoji:layout';
/** Key of the former format (before buckets) that held the progress. */
const FORMER_PROGRESS = 'counts:progress';

const removeKeys = async (redis: RedisClient, pattern: string, except?: string): Promise<void> => {
  for (const node of primaries(redis))
    for await (const keys of node.scanStream({ match: pattern, count: 1000 }) as AsyncIterable<string[]>)
      // One by one, since they are in different slots.
      await Promise.all(keys.filter((key) => key !== except).map((key) => node.unlink(key)));
};

/**
 * Removes counts of a former layout or of another number of buckets, which are no longer read: the topic is counted again.
 * When interrupted, it is repeated at the next start.
 */
export const removeFormerCounts = async (redis: RedisClient, buckets: number, log: Logger): Promise<void> => {
  const [layout, former] = await Promise.all([redis.get(LAYOUT), redis.exists(FORMER_PROGRESS)]);
  if (former > 0) {
    log.warn('counts in the format of an older version are removed and counted again from the topic');
    await removeKeys(redis, 'counts:*', FORMER_PROGRESS);
    await redis.unlink(FORMER_PROGRESS);
  }
  if (layout !== null && layout !== String(buckets)) {
    log.warn('the number of buckets has changed: everything is counted again from the topic', { layout, buckets });
    await removeKeys(redis, `emoji:{c${layout}.*`);
  }
  if (layout !== String(buckets)) await redis.set(LAYOUT, buckets);
};
