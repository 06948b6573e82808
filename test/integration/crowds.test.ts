import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { emptyRedis } from '../support/services.ts';

/** `npm run test:long` uses the full number; the memory per client does not depend on it. */
const CROWD = process.env.LONG_TESTS ? 10_000 : 2000;
const MAX = CROWD / 2;
const NOW = 1_760_000_000_000;

let redis: RedisClient;
let registry: RedisRegistry;
beforeAll(async () => {
  redis = await emptyRedis('crowds');
});
beforeEach(async () => {
  await redis.flushdb();
  registry = new RedisRegistry(redis, { clusters: 2, subscribersPerCluster: 3, clientTtl: 60, maxClients: MAX });
});
afterAll(() => redis.quit());

const register = (id: string, room_id: string, now = NOW) =>
  registry.register(registrationSchema.parse({ client_id: id, port: 6000, room_id }), now, '192.0.2.1');
/** Makes `CROWD` registrations, 100 at a time. Returns how many were rejected. */
const crowd = async (one: (n: number) => Promise<unknown>): Promise<number> => {
  let rejected = 0;
  for (let n = 0; n < CROWD; n += 100) {
    const answers = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => one(n + i)));
    for (const answer of answers)
      if (answer.status === 'rejected') {
        expect(answer.reason).toMatchObject({ code: 'rate_limited', details: [{ path: 'client_id' }] });
        rejected++;
      }
  }
  return rejected;
};
/** The memory of all keys of this database, in bytes. */
const memory = async (): Promise<number> => {
  const keys = await redis.keys('*');
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
};
const clients = async () =>
  [...(await registry.loads()).values()].flatMap((loads) => [...loads.values()]).reduce((sum, load) => sum + load);

test('a client that registers for thousands of rooms, one after another, takes the memory of one client', async () => {
  await register('c', 'room');
  const before = await memory();
  expect(await crowd((n) => register('c', `room-${n}`))).toBe(0);
  expect(await clients()).toBe(1);
  expect(await memory()).toBeLessThan(before + 200);
});

test('thousands of clients: registrations up to the limit, bounded memory, and removal after their TTL', async () => {
  expect(await crowd((n) => register(`client-${n}`, `room-${n}`))).toBe(CROWD - MAX);
  expect(await clients()).toBe(MAX);
  const full = await memory();
  expect(full / MAX).toBeLessThan(1000);
  expect(await crowd((n) => register(`other-${n}`, 'room'))).toBe(CROWD);
  expect(await memory()).toBeLessThanOrEqual(full);
  // The first clients stay registered.
  const served = await registry.audience(['room-0', `room-${MAX - 1}`, `room-${MAX}`]);
  expect([...served.keys()]).toEqual(['room-0', `room-${MAX - 1}`]);

  await register('late', 'room', NOW + 60_000);
  while ((await registry.expire(NOW + 60_000)) > 0);
  expect(await clients()).toBe(1);
  expect(await redis.dbsize()).toBeLessThanOrEqual(10);
});
