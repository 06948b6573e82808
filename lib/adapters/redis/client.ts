import { Redis } from 'ioredis';
import { PlatformError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { scripts } from './scripts.ts';

/** An answer of a Lua script. */
export type Reply = string | number | null | Reply[];
type Script = (...args: (string | number)[]) => Promise<Reply>;

/** A Redis connection that knows the scripts of `lua/`; the first argument of each is its number of keys. */
export type RedisClient = Redis & Record<keyof typeof scripts, Script>;

/**
 * Commands of one tick travel together, so a thousand rooms cost one round trip. A command fails after a few seconds
 * without Redis instead of waiting for ever: whoever asked decides what to do. The connection itself comes back.
 */
export const createRedis = (url: string, log: Logger): RedisClient => {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableAutoPipelining: true,
    connectTimeout: 2000,
    commandTimeout: 5000,
    maxRetriesPerRequest: 2,
    retryStrategy: (attempt) => Math.min(100 * attempt, 1000),
  });
  redis.on('error', (error: Error) => log.warn('redis: connection failed', { error }));
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { lua });
  return redis as RedisClient;
};

/**
 * Runs a piece of work against Redis; whatever fails in it is a `store_unavailable`. Of the client's error only the
 * message is kept: it carries the whole command, and logs hold no payloads.
 */
export const withStore = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlatformError('store_unavailable', 'Redis does not answer', { cause: new Error(reason) });
  }
};
