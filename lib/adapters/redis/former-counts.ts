import type { Logger } from '../../log.ts';
import { primaries, type RedisClient } from './client.ts';

/** Holds the `bucketsName` of the counts that this Redis has; in the format before that, the number of buckets. */
const LAYOUT = 'emoji:layout';
/** Key of the former format (before buckets) that held the progress. */
const FORMER_PROGRESS = 'counts:progress';

/**
 * The part of the key names that is common to all buckets. A different format of the stored values needs a different
 * name, so that older functions that are still running neither read nor write them.
 */
export const bucketsName = (buckets: number): string => `m${buckets}`;
/** With values in JSON. */
const formerName = (buckets: string): string => `c${buckets}`;

const removeKeys = async (redis: RedisClient, pattern: string, except?: string): Promise<void> => {
  for (const node of primaries(redis))
    for await (const keys of node.scanStream({ match: pattern, count: 1000 }) as AsyncIterable<string[]>)
      // One by one, since they are in different slots.
      await Promise.all(keys.filter((key) => key !== except).map((key) => node.unlink(key)));
};

/**
 * Removes counts of a former format or of another number of buckets, which are no longer read: the topic is counted again.
 * When interrupted, it is repeated at the next start.
 */
export const removeFormerCounts = async (redis: RedisClient, buckets: number, log: Logger): Promise<void> => {
  const name = bucketsName(buckets);
  const [layout, former] = await Promise.all([redis.get(LAYOUT), redis.exists(FORMER_PROGRESS)]);
  const isFormerLayout = layout !== null && /^\d+$/.test(layout);
  if (former > 0 || isFormerLayout)
    log.warn('counts in the format of an older version are removed and counted again from the topic');
  if (former > 0) {
    await removeKeys(redis, 'counts:*', FORMER_PROGRESS);
    await redis.unlink(FORMER_PROGRESS);
  }
  if (isFormerLayout) await removeKeys(redis, `emoji:{${formerName(layout)}.*`);
  else if (layout !== null && layout !== name) {
    log.warn('the number of buckets has changed: everything is counted again from the topic', { layout, buckets });
    await removeKeys(redis, `emoji:{${layout}.*`);
  }
  if (layout !== name) await redis.set(LAYOUT, name);
};
