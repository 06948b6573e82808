import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Cluster } from 'ioredis';
import { createRedis, withStore, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { startRedisServers, startSmallCluster, type RedisServers } from '../support/redis-servers.ts';
import { quiet } from '../support/services.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const NOW = 1_760_000_000_000;
const keys = Array.from({ length: 300 }, (_, n) => `key:${n}`);
/** Runs a script, alongside plain commands. */
const admit = (redis: RedisClient, key: string, room: string) => redis.admitRooms(1, key, NOW, 1000, 10, room);

describe('two servers that swap their roles while connections are open', () => {
  let servers: RedisServers;
  let proxy: TcpProxy;
  let redis: RedisClient;
  beforeAll(async () => {
    servers = await startRedisServers(2);
    proxy = await tcpProxy(servers.servers[0]?.port ?? 0);
    redis = createRedis(`redis://127.0.0.1:${proxy.port}`, quiet);
  });
  afterAll(async () => {
    redis.disconnect();
    await proxy.close();
    await servers.stop();
  });

  test('writes and scripts go to the new primary, and none fails', async () => {
    const [before, after] = servers.servers;
    if (!before || !after) throw new Error('two servers were started');
    await redis.set('a', 1);
    await admit(redis, 'rooms', 'r');
    await after.admin.replicaof('127.0.0.1', before.port);
    await until('the replica has the data', async () => (await after.admin.get('a')) === '1', 30_000);
    await after.admin.replicaof('NO', 'ONE');
    await before.admin.replicaof('127.0.0.1', after.port);
    proxy.moveTo(after.port, 'stay');

    const answers = await Promise.all([
      redis.set('b', 2),
      admit(redis, 'rooms', 's'),
      redis.get('a'),
      ...keys.map((key) => redis.set(key, 'x')),
    ]);
    expect(answers.slice(0, 3)).toEqual(['OK', [], '1']);
    expect(await after.admin.zcard('rooms')).toBe(2);
    expect(await after.admin.dbsize()).toBe(keys.length + 3);
  });

  test('the client leaves a hanging server for its successor', async () => {
    const [other, primary] = servers.servers;
    if (!primary || !other) throw new Error('two servers were started');
    await redis.set('a', 2);
    primary.process.kill('SIGSTOP');
    try {
      await other.admin.replicaof('NO', 'ONE');
      proxy.moveTo(other.port, 'stay');
      await until('a write reaches the successor', () => redis.set('a', 3).catch(() => false), 30_000);
      expect(await other.admin.get('a')).toBe('3');
    } finally {
      primary.process.kill('SIGCONT');
    }
  });
});

describe('a Redis Cluster', () => {
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

  test('commands and scripts of one tick go to the node of each key', async () => {
    const answers = await Promise.all(keys.flatMap((key) => [redis.set(key, key), admit(redis, `rooms:${key}`, 'r')]));
    expect(new Set(answers.map(String))).toEqual(new Set(['OK', '']));
    expect(await Promise.all(keys.map((key) => redis.get(key)))).toEqual(keys);
    for (const { admin } of cluster.servers) expect(await admin.dbsize()).toBeGreaterThan(0);
  });

  test('a script that a node no longer has is sent again', async () => {
    for (const { admin } of cluster.servers) await admin.script('FLUSH');
    const answers = await Promise.all(keys.map((key) => admit(redis, `rooms:${key}`, 's')));
    expect(new Set(answers.map(String))).toEqual(new Set(['']));
  });

  test('commands for slots that moved to other nodes are redirected, many at once', async () => {
    const ids = await Promise.all(cluster.servers.map(({ admin }) => admin.cluster('MYID')));
    const tags = ['one', 'two', 'three', 'four', 'five', 'six'].map((tag) => `{moved-${tag}}`);
    const client = redis as Cluster;
    for (const tag of tags) {
      const slot = await client.cluster('KEYSLOT', tag);
      const owner = cluster.servers.findIndex(({ port }) => client.slots[slot]?.[0]?.endsWith(`:${port}`));
      const next = ids[(owner + 1) % ids.length] ?? '';
      for (const { admin } of cluster.servers) await admin.cluster('SETSLOT', slot, 'NODE', next);
    }
    const answers = await Promise.all(tags.flatMap((tag) => [redis.set(tag, 1), admit(redis, `${tag}:rooms`, 'r')]));
    expect(new Set(answers.map(String))).toEqual(new Set(['OK', '']));
  });

  test('the first node of the URL may be unreachable', async () => {
    const other = createRedis(`redis://127.0.0.1:1,${cluster.url}`, quiet, 'cluster');
    expect(await other.get('key:7')).toBe('key:7');
    other.disconnect();
  });

  test('without any node a command fails in time, and the client reconnects by itself', async () => {
    for (const { process: server } of cluster.servers) server.kill('SIGSTOP');
    try {
      const began = performance.now();
      await expect(withStore(() => redis.get('key:7'))).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(performance.now() - began).toBeLessThan(15_000);
    } finally {
      for (const { process: server } of cluster.servers) server.kill('SIGCONT');
    }
    await until('Redis answers', () => redis.get('key:7').catch(() => false as const), 45_000);
  });

  test('a client that finds no node at all fails in time', async () => {
    const other = createRedis('redis://127.0.0.1:1', quiet, 'cluster');
    await expect(other.get('key:7')).rejects.toThrow(/timed out|startup nodes/);
    await expect(admit(other, 'rooms', 'r')).rejects.toThrow(/timed out|startup nodes/);
    other.disconnect();
  });
});
