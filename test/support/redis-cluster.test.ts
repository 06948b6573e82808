import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster } from 'ioredis';
import { startRedisCluster, type RedisCluster } from './redis-cluster.ts';

let rig: RedisCluster;
let client: Cluster;
/** A key of each shard, found once. */
let keys: string[];

beforeAll(async () => {
  rig = await startRedisCluster();
  client = new Cluster([...rig.addresses]);
  client.on('error', () => undefined);
  keys = [];
  for (const {
    primary,
    slots: [first, last],
  } of rig.shards) {
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
  await rig?.stop();
});

const write = (value: string) => Promise.all(keys.map((key) => client.rpush(key, value)));
const read = () => Promise.all(keys.map((key) => client.lrange(key, 0, -1)));

test('a failover of one shard loses the writes that its replica lacks, and no other', async () => {
  await write('kept');
  await rig.synced();
  rig.freeze([1]);
  await write('new');
  await rig.failover([1]);
  expect(await read()).toEqual([['kept', 'new'], ['kept'], ['kept', 'new']]);
  await write('after');
  await rig.synced();
  expect(await read()).toEqual([
    ['kept', 'new', 'after'],
    ['kept', 'after'],
    ['kept', 'new', 'after'],
  ]);
});

test('all shards may fail over together, more than once', async () => {
  for (const key of keys) await client.del(key);
  for (const round of ['a', 'b']) {
    await write(round);
    await rig.synced();
    rig.lag(60_000);
    await write('lost');
    await rig.failover([0, 1, 2]);
    rig.thaw();
  }
  expect(await read()).toEqual(keys.map(() => ['a', 'b']));
});
