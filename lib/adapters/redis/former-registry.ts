import { isCluster, type RedisClient } from './client.ts';

const CLIENTS = 'clients_by_expiry';
const CHUNK = 500;

/** Removes the keys of the registry's former layout, which is no longer read. It was never used in a Redis Cluster. */
export const removeFormerRegistry = async (redis: RedisClient): Promise<void> => {
  if (isCluster(redis)) return;
  for (;;) {
    const ids = await redis.zrange(CLIENTS, 0, CHUNK - 1).catch((): string[] => []);
    if (ids.length === 0) break;
    const clients = await Promise.all(
      ids.map((id) => redis.hmget(`client:${id}`, 'room', 'cluster', 'subscriber').catch((): string[] => [])),
    );
    const keys = clients.flatMap(([room, cluster, subscriber], n) => [
      `client:${ids[n]}`,
      `audience:${room}`,
      `viewers:${cluster}:${subscriber}:${room}`,
      `subscriber:${cluster}:${subscriber}:clients`,
    ]);
    await redis.unlink(...new Set(keys));
    await redis.zrem(CLIENTS, ...ids);
  }
  await redis.unlink(CLIENTS, 'clients_by_source');
};
