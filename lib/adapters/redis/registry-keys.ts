import { isCluster, type RedisClient } from './client.ts';

/** The whole registry is in one slot, because a registration compares the loads of all subscribers. */
const TAG = '{registry}:';

/** The names of the registry's keys; `lua/registry.lua` describes their contents. */
export const registryKeys = (redis: RedisClient) => ({
  byExpiry: `${TAG}clients_by_expiry`,
  byAddress: `${TAG}clients_by_source`,
  clusters: `${TAG}clusters_by_load`,
  client: (id: string) => `${TAG}client:${id}`,
  viewers: (room: string) => `${TAG}viewers:${room}`,
  audience: (room: string) => `${TAG}audience:${room}`,
  loads: (cluster: number) => `${TAG}subscribers_by_load:${cluster}`,
  /** A copy of the loads for other programs. On a Redis Cluster its name needs the tag of the registry's slot. */
  view: (cluster: number) => `${isCluster(redis) ? TAG : ''}cluster_${cluster}_subscribers`,
});

export type RegistryKeys = ReturnType<typeof registryKeys>;
