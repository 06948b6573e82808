import { Cluster, type Redis } from 'ioredis';
import { PlatformError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { inTime } from '../in-time.ts';
import { primaries, type RedisClient } from './client.ts';

/** Redis that is short of memory must reject writes: with any other policy it would delete counts. */
const WANTED = 'noeviction';
const WITHIN_MS = 2000;

/** Servers that do not reveal their policy: each is logged once. */
const policyUnknown = new WeakSet<RedisClient>();

/** Undefined when the server does not know the command or forbids it. @throws any other error */
const undefinedIfRefused = (error: Error): undefined => {
  if (!/^(NOPERM|ERR)\b/.test(error.message)) throw error;
};

/** Undefined when the server does not reveal it. A managed Redis may refuse `CONFIG`. */
const policyOf = async (redis: Redis): Promise<string | undefined> => {
  const info = await redis.info('memory').catch(undefinedIfRefused);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info ?? '')?.[1];
  if (policy !== undefined) return policy;
  const config = (await redis.config('GET', 'maxmemory-policy').catch(undefinedIfRefused)) as string[] | undefined;
  return config?.[1];
};

/**
 * After a failover whose primary became a replica, connections to it stay open, and whoever only reads gets no error that
 * says so. A new connection finds the primary.
 */
const leaveReplica = async (redis: RedisClient): Promise<void> => {
  if (redis instanceof Cluster) return; // it follows the roles by itself
  const info = await redis.info('replication').catch(undefinedIfRefused);
  if (!/^role:slave/m.test(info ?? '')) return;
  redis.disconnect(true);
  await redis.ping();
};

const policiesOf = async (redis: RedisClient): Promise<Set<string | undefined>> => {
  await redis.ping();
  await leaveReplica(redis);
  return new Set(await Promise.all(primaries(redis).map(policyOf)));
};

/**
 * Returns a sentence for each wrong eviction policy of the server or, in a cluster, of its primaries.
 * @throws when a server does not answer
 */
export const evictionProblems = async (redis: RedisClient, log: Logger): Promise<string[]> => {
  const policies = await inTime(policiesOf(redis), WITHIN_MS);
  if (policies.has(undefined) && !policyUnknown.has(redis)) {
    policyUnknown.add(redis);
    log.warn(`redis: the server does not reveal its maxmemory-policy; it must be ${WANTED}`);
  }
  return [...policies].flatMap((policy) =>
    policy === undefined || policy === WANTED ? [] : [`maxmemory-policy must be ${WANTED} (it is ${policy})`],
  );
};

/**
 * Call it before anything is counted.
 * @throws PlatformError `store_unavailable` when Redis may evict keys, and with them counts.
 */
export const refuseEviction = async (redis: RedisClient, log: Logger): Promise<void> => {
  const [problem] = await evictionProblems(redis, log);
  if (problem !== undefined) throw new PlatformError('store_unavailable', `Redis: ${problem}`);
};
