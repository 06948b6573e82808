import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisPacer } from '../../lib/adapters/redis/pacer.ts';
import { emptyRedis } from '../support/services.ts';
import { until } from '../support/until.ts';

let redis: RedisClient;
beforeAll(async () => {
  redis = await emptyRedis('pacer');
});
afterAll(() => redis.quit());

const rooms = (count: number) => Array.from({ length: count }, () => randomUUID());

test('a room’s turn is granted to one claim per interval; the others get the remaining time', async () => {
  const [room = ''] = rooms(1);
  const claims = await Promise.all(Array.from({ length: 20 }, () => new RedisPacer(redis).claim([room])));
  const waits = claims.map((claim) => claim.get(room) ?? NaN).sort((a, b) => a - b);
  expect(waits.filter((wait) => wait === 0)).toHaveLength(1);
  for (const wait of waits.slice(1)) {
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1000);
  }
});

test('each room has its own turn', async () => {
  const pacer = new RedisPacer(redis);
  const [a = '', b = '', c = ''] = rooms(3);
  expect([...(await pacer.claim([a, b]))]).toEqual([
    [a, 0],
    [b, 0],
  ]);
  const again = await pacer.claim([a, c]);
  expect(again.get(a)).toBeGreaterThan(0);
  expect(again.get(c)).toBe(0);
});

test('the turn is granted again after the interval, not earlier', async () => {
  const pacer = new RedisPacer(redis, 100);
  const [room = ''] = rooms(1);
  const from = performance.now();
  await pacer.claim([room]);
  await until('the next turn is granted', async () => (await pacer.claim([room])).get(room) === 0);
  expect(performance.now() - from).toBeGreaterThan(98);
});

test('a claim for no rooms returns no turns', async () => {
  expect((await new RedisPacer(redis).claim([])).size).toBe(0);
});
