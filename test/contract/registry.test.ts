import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRedis, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { MemoryRegistry } from '../doubles/registry.ts';
import { emptyServers, startSmallCluster } from '../support/redis-servers.ts';
import { emptyRedis, quiet } from '../support/services.ts';
import { LAYOUT, registryContract } from './registry.contract.ts';

const NOW = 1_760_000_000_000;

describe('memory', () => registryContract((limits) => new MemoryRegistry({ ...LAYOUT, ...limits })));

describe('Redis', () => {
  let redis: RedisClient;
  beforeAll(async () => {
    redis = await emptyRedis('registry');
  });
  afterAll(() => redis.quit());
  const create = (options: Partial<ConstructorParameters<typeof RedisRegistry>[1]> = {}) =>
    new RedisRegistry(redis, { ...LAYOUT, ...options });

  registryContract(async (limits) => {
    await redis.flushdb();
    return create(limits);
  });

  describe('a layout that has changed', () => {
    beforeEach(() => redis.flushdb());
    const register = (registry: RedisRegistry, client_id: string, cluster_id?: number) =>
      registry.register(registrationSchema.parse({ client_id, port: 6000, cluster_id }), NOW);

    test('clients of a removed cluster move when they register again; until then each subscriber is reported once', async () => {
      const before = create({ clusters: 3 });
      for (const id of ['a', 'b', 'c']) await register(before, id, 2);
      await register(before, 'd', 0);
      const unserved: unknown[] = [];
      const after = create({ clusters: 2, onUnserved: (subscriber) => unserved.push(subscriber) });
      expect(await register(after, 'a')).toMatchObject({ cluster: 1, subscriber: 0 });
      for (let n = 0; n < 3; n++)
        expect((await after.audience(['global'])).get('global')).toEqual(
          expect.arrayContaining([
            { cluster: 0, subscriber: 0 },
            { cluster: 1, subscriber: 0 },
          ]),
        );
      expect(unserved).toEqual([
        { cluster: 2, subscriber: 1 },
        { cluster: 2, subscriber: 2 },
      ]);
      for (const id of ['b', 'c']) expect((await register(after, id)).cluster).toBeLessThan(2);
      expect((await after.audience(['global'])).get('global')).toHaveLength(4);
      expect(await redis.hgetall('cluster_2_subscribers')).toEqual({ 0: '0', 1: '0', 2: '0' });
    });

    test('new clients are never assigned to a removed cluster, even if it has the fewest clients', async () => {
      await create({ clusters: 3 }).loads();
      const after = create({ clusters: 2 });
      for (let n = 0; n < 6; n++) expect((await register(after, `c${n}`)).cluster).toBe(n % 2);
    });

    test('of many clusters the one with the fewest clients is next, also after simultaneous registrations', async () => {
      const registry = create({ clusters: 30 });
      await Promise.all(Array.from({ length: 300 }, (_, n) => register(registry, `c${n}`)));
      const sums = [...(await registry.loads()).values()].map((loads) => [...loads.values()].reduce((a, b) => a + b));
      expect(sums).toHaveLength(30);
      expect(sums.reduce((a, b) => a + b)).toBe(300);
      const next = await register(registry, 'next');
      expect(sums[next.cluster]).toBe(Math.min(...sums));
    });

    test('a cluster that is added gets clients', async () => {
      await register(create({ clusters: 1 }), 'a');
      expect((await register(create({ clusters: 2 }), 'b')).cluster).toBe(1);
    });
  });

  test('the loads can be read as cluster_{id}_subscribers, which is repaired when it is damaged', async () => {
    await redis.flushdb();
    for (let n = 0; n < 7; n++)
      await create().register(registrationSchema.parse({ client_id: `c${n}`, port: 6000, cluster_id: 0 }), NOW);
    expect(await redis.hgetall('cluster_0_subscribers')).toEqual({ 0: '3', 1: '2', 2: '2' });
    await redis.hset('cluster_0_subscribers', { 0: 99, 7: 1 });
    await create().loads();
    expect(await redis.hgetall('cluster_0_subscribers')).toEqual({ 0: '3', 1: '2', 2: '2' });
  });

  test('a registry that is emptied while functions run accepts registrations again', async () => {
    await redis.flushdb();
    const registry = create();
    const register = () => registry.register(registrationSchema.parse({ client_id: 'c', port: 6000 }), NOW);
    await register();
    await redis.flushdb();
    expect(await register()).toMatchObject({ cluster: 0, subscriber: 0 });
    expect([...((await registry.loads()).get(0)?.values() ?? [])]).toEqual([1, 0, 0]);
  });

  test('keys of the former layout are removed', async () => {
    await redis.flushdb();
    await redis.zadd('clients_by_expiry', 1, 'a', 2, 'b');
    for (const id of ['a', 'b']) await redis.hset(`client:${id}`, { room: 'r', cluster: 0, subscriber: 1 });
    await redis.hset('viewers:0:1:r', { a: '{}' });
    await redis.hset('audience:r', { '0:1': 2 });
    await redis.sadd('subscriber:0:1:clients', 'a', 'b');
    await redis.hset('clients_by_source', { s: 2 });
    await redis.hset('cluster_0_subscribers', { 0: 0, 1: 2, 2: 0 });
    const registry = create();
    await registry.register(registrationSchema.parse({ client_id: 'n', port: 6000 }), NOW);
    expect((await redis.keys('*')).filter((key) => !/^(\{registry\}:|cluster_[01]_subscribers$)/.test(key))).toEqual(
      [],
    );
    expect(await redis.hgetall('cluster_0_subscribers')).toEqual({ 0: '1', 1: '0', 2: '0' });
  });
});

describe('Redis Cluster', () => {
  let cluster: Awaited<ReturnType<typeof startSmallCluster>>;
  let redis: RedisClient;
  beforeAll(async () => {
    cluster = await startSmallCluster();
    redis = createRedis(cluster.url, quiet, 'cluster');
  });
  afterAll(async () => {
    redis.disconnect();
    await cluster.stop();
  });

  registryContract(async (limits) => {
    await emptyServers(cluster);
    return new RedisRegistry(redis, { ...LAYOUT, ...limits });
  });

  test('the loads can be read in the slot of the registry', async () => {
    await emptyServers(cluster);
    const registry = new RedisRegistry(redis, LAYOUT);
    await registry.register(registrationSchema.parse({ client_id: 'c', port: 6000 }), NOW);
    expect(await redis.hgetall('{registry}:cluster_0_subscribers')).toEqual({ 0: '1', 1: '0', 2: '0' });
  });
});
