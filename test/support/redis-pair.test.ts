import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedisPair, type FailoverForm, type RedisPair } from './redis-pair.ts';
import { until } from './until.ts';

let pair: RedisPair;
let client: Redis;

beforeEach(async () => {
  pair = await startRedisPair();
  client = new Redis(pair.url, { retryStrategy: () => 50 });
  client.on('error', () => undefined);
});
afterEach(async () => {
  client.disconnect();
  await pair?.stop();
});

const lengths = async () => [await pair.primary.redis.llen('list'), await pair.replica.redis.llen('list')];

test('the replica gets each write after the lag, and none while it is frozen', async () => {
  await client.rpush('list', 'a');
  await pair.synced();
  expect(await lengths()).toEqual([1, 1]);
  pair.lag(1000);
  await client.rpush('list', 'b');
  expect(await lengths()).toEqual([2, 1]);
  pair.freeze();
  await sleep(1500); // longer than the lag
  expect(await lengths()).toEqual([2, 1]);
  pair.thaw();
  await pair.synced();
  expect(await lengths()).toEqual([2, 2]);
});

test.each<FailoverForm>(['address moves', 'roles swap'])(
  'a failover loses exactly what the replica lacks: %s',
  async (form) => {
    for (const round of [1, 2]) {
      await client.rpush('list', `kept ${round}`);
      await pair.synced();
      pair.freeze();
      await client.rpush('list', 'lost', 'lost too');
      const old = pair.primary.port;
      await pair.failover(form);
      expect(pair.primary.port).not.toBe(old);
      if (form === 'roles swap') {
        await expect(client.rpush('list', 'refused')).rejects.toThrow('READONLY');
        client.disconnect(true);
      }
      const kept = () => client.lrange('list', 0, -1).catch(() => undefined);
      const expected = Array.from({ length: round }, (_, n) => `kept ${n + 1}`);
      expect(await until('the new primary answers', kept)).toEqual(expected);
      await pair.synced();
      expect(await pair.replica.redis.lrange('list', 0, -1)).toEqual(expected);
    }
  },
);
