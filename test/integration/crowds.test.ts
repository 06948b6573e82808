import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { emptyRedis } from '../support/services.ts';

const MAX = 5000;
const NOW = 1_760_000_000_000;

let redis: RedisClient;
let registry: RedisRegistry;
beforeAll(async () => {
  redis = await emptyRedis(6);
});
beforeEach(async () => {
  await redis.flushdb();
  registry = new RedisRegistry(redis, { clusters: 2, subscribersPerCluster: 3, clientTtl: 60, maxClients: MAX });
});
afterAll(() => redis.quit());

const register = (id: string, room_id: string, now = NOW) =>
  registry.register(registrationSchema.parse({ client_id: id, port: 6000, room_id }), now, '192.0.2.1');
/** 10,000 registrations, some at once; how many were refused. */
const tenThousand = async (one: (n: number) => Promise<unknown>): Promise<number> => {
  let refused = 0;
  for (let n = 0; n < 10_000; n += 100) {
    const answers = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => one(n + i)));
    for (const answer of answers)
      if (answer.status === 'rejected') {
        expect(answer.reason).toMatchObject({ code: 'rate_limited', details: [{ path: 'client_id' }] });
        refused++;
      }
  }
  return refused;
};
/** What all keys of this database take, in bytes. */
const memory = async (): Promise<number> => {
  const keys = await redis.keys('*');
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
};
const clients = async () =>
  [...(await registry.loads()).values()].flatMap((loads) => [...loads.values()]).reduce((sum, load) => sum + load);

test('a client that registers 10,000 times, for 10,000 rooms, is one client with the memory of one', async () => {
  await register('c', 'room');
  const before = await memory();
  expect(await tenThousand((n) => register('c', `room-${n}`))).toBe(0);
  expect(await clients()).toBe(1);
  expect(await memory()).toBeLessThan(before + 200);
});

test('10,000 clients that register once: as many as there are places, in bounded memory; then they are forgotten', async () => {
  expect(await tenThousand((n) => register(`client-${n}`, `room-${n}`))).toBe(10_000 - MAX);
  expect(await clients()).toBe(MAX);
  const full = await memory();
  expect(full / MAX).toBeLessThan(1000);
  expect(await tenThousand((n) => register(`other-${n}`, 'room'))).toBe(10_000);
  expect(await memory()).toBeLessThanOrEqual(full);
  // Those that came first are still served.
  const served = await registry.audience(['room-0', `room-${MAX - 1}`, `room-${MAX}`]);
  expect([...served.keys()]).toEqual(['room-0', `room-${MAX - 1}`]);

  await register('late', 'room', NOW + 60_000);
  while ((await registry.expire(NOW + 60_000)) > 0);
  expect(await clients()).toBe(1);
  expect(await redis.dbsize()).toBeLessThan(10);
});
