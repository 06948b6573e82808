import { primaries, type RedisClient } from './client.ts';

/** The number of keys that each server has evicted since its start. */
const evictedBy = async (redis: RedisClient): Promise<Map<string, number>> => {
  const infos = await Promise.all(
    primaries(redis).map((each) => Promise.all([each.info('server'), each.info('stats')])),
  );
  return new Map(
    infos.map(([server, stats]) => [
      /^run_id:(\w+)/m.exec(server)?.[1] ?? '',
      Number(/^evicted_keys:(\d+)/m.exec(stats)?.[1] ?? 0),
    ]),
  );
};

/**
 * Returns a function that calls `check` when a server may have evicted keys since the last successful call.
 * A server that was never asked before may have evicted keys before.
 */
export const afterEvictions = <A, T>(redis: RedisClient, check: (argument: A) => Promise<T[]>) => {
  let known: ReadonlyMap<string, number> = new Map();
  return async (argument: A): Promise<T[]> => {
    const evicted = await evictedBy(redis);
    const isNew = [...evicted].some(([server, keys]) => keys > (known.get(server) ?? 0));
    const found = isNew ? await check(argument) : [];
    known = evicted;
    return found;
  };
};
