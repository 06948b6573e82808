import { Cluster, Redis, type Command, type RedisOptions } from 'ioredis';
import { PlatformError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { redisNodes } from '../../config/redis-nodes.ts';
import { scripts } from './scripts.ts';

/** An answer of a Lua script. */
export type Reply = string | number | null | Reply[];
type Script<R> = (...args: (string | number | Buffer)[]) => Promise<R>;
/** The same with bytes instead of text. */
export type BytesReply = Buffer | number | null | BytesReply[];

/**
 * A connection to one Redis server or to a Redis Cluster. It knows the scripts of `lua/`; the first argument of each is
 * its number of keys. All keys of one command or script must be in one slot (share a hash tag). MULTI is not to be
 * used: a command that is sent again after a failover would be outside its transaction. Use a script instead.
 */
export type RedisClient = (Redis | Cluster) &
  Record<keyof typeof scripts, Script<Reply>> &
  Record<`${keyof typeof scripts}Buffer`, Script<BytesReply>>;

export const isCluster = (redis: RedisClient): boolean => 'isCluster' in redis && redis.isCluster;

/** The server, or those of a cluster that take writes; they are known once a command has been answered. */
export const primaries = (redis: RedisClient): Redis[] =>
  redis instanceof Cluster ? redis.nodes('master') : [redis as Redis];

export type RedisMode = 'single' | 'cluster';

const CONNECT_TIMEOUT_MS = 2000;
const COMMAND_TIMEOUT_MS = 5000;
/** How often a cluster client refreshes its slot table, in addition to redirections. */
const REFRESH_SLOTS_MS = 5000;

/**
 * The server has rejected the command: it is a replica now, or is loading its data. A new connection finds the primary
 * by DNS. In a script's error the code is not at the beginning.
 */
const NOT_A_PRIMARY = /(^|[\s-])(READONLY|LOADING|MASTERDOWN)\b/;
const RECONNECT_AND_RESEND = 2;

const shared: RedisOptions = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  maxRetriesPerRequest: 2,
  // A server that hangs keeps its connections open: without a timeout, the client would wait as long as it hangs.
  socketTimeout: COMMAND_TIMEOUT_MS,
};

/** Every command has a timeout, also while no node of the cluster is reachable. */
class BoundedCluster extends Cluster {
  override sendCommand(command: Command, ...rest: [stream?: never, node?: never]): unknown {
    command.setTimeout(COMMAND_TIMEOUT_MS);
    return super.sendCommand(command, ...rest);
  }
}

const connectTo = (url: string): Redis =>
  new Redis(url, {
    ...shared,
    lazyConnect: true,
    // Commands of one tick are pipelined, so a thousand rooms take one round trip.
    enableAutoPipelining: true,
    retryStrategy: (attempt) => Math.min(100 * attempt, 1000),
    reconnectOnError: ({ message }) => (NOT_A_PRIMARY.test(message) ? RECONNECT_AND_RESEND : false),
  });

/** Retries MOVED, ASK, TRYAGAIN and CLUSTERDOWN, and commands to a failed node, for about three seconds. */
const connectToCluster = (url: string): Cluster => {
  const nodes = redisNodes(url);
  const [first] = nodes;
  return new BoundedCluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      lazyConnect: true,
      // ioredis does not follow redirections of auto-pipelined commands, unless all of them have the same slot.
      enableAutoPipelining: false,
      slotsRefreshInterval: REFRESH_SLOTS_MS,
      slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
      retryDelayOnFailover: 200,
      retryDelayOnClusterDown: 200,
      clusterRetryStrategy: (attempt) => Math.min(100 * attempt, 1000),
      // Names are resolved for each connection; a certificate names the host, not its address.
      dnsLookup: (host, found) => found(null, host),
      redisOptions: {
        ...shared,
        ...(first?.username && { username: first.username }),
        ...(first?.password && { password: first.password }),
        ...(first?.tls && { tls: {} }),
      },
    },
  );
};

/**
 * Without Redis a command fails after a few seconds instead of waiting forever; its caller decides what to do. The
 * connection is restored automatically.
 *
 * @param url one `redis://` or `rediss://` URL; of a cluster one or more nodes, separated by commas
 */
export const createRedis = (url: string, log: Logger, mode: RedisMode = 'single'): RedisClient => {
  const redis = mode === 'cluster' ? connectToCluster(url) : connectTo(url);
  redis.on('error', (error: Error) => log.warn('redis: connection failed', { error }));
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { lua });
  return redis as RedisClient;
};

/**
 * Runs work against Redis and turns every failure into `store_unavailable`. Of the client's error only the message is
 * kept: the error contains the whole command, and logs must not contain payloads.
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
