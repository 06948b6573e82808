import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster } from 'ioredis';
import { startRedisCluster, type RedisCluster } from './redis-cluster.ts';

let cluster: RedisCluster;
let client: Cluster;
/** One key in each shard. */
let keys: string[];

beforeAll(async () => {
  cluster = await startRedisCluster();
  client = new Cluster([...cluster.addresses]);
  client.on('error', () => undefined);
  keys = [];
  for (const {
    primary,
    slots: [first, last],
  } of cluster.shards) {
    for (let n = 0; ; n++) {
      const slot = Number(await primary.redis.call('CLUSTER', 'KEYSLOT', `key ${n}`));
      if (slot < first || slot > last) continue;
      keys.push(`key ${n}`);
      break;
    }
  }
});
afterAll(async () => {
  client?.disconnect();
  await cluster?.stop();
});

const write = (value: string) => Promise.all(keys.map((key) => client.rpush(key, value)));
const read = () => Promise.all(keys.map((key) => client.lrange(key, 0, -1)));

test('a failover of one shard loses exactly the writes that its replica lacks', async () => {
  await write('kept');
  await cluster.synced();
  cluster.freeze([1]);
  await write('new');
  await cluster.failover([1]);
  expect(await read()).toEqual([['kept', 'new'], ['kept'], ['kept', 'new']]);
  await write('after');
  await cluster.synced();
  expect(await read()).toEqual([
    ['kept', 'new', 'after'],
    ['kept', 'after'],
    ['kept', 'new', 'after'],
  ]);
});

test('all shards can fail over together, several times', async () => {
  for (const key of keys) await client.del(key);
  for (const round of ['a', 'b']) {
    await write(round);
    await cluster.synced();
    cluster.lag(60_000);
    await write('lost');
    await cluster.failover([0, 1, 2]);
    cluster.thaw();
  }
  expect(await read()).toEqual(keys.map(() => ['a', 'b']));
});
