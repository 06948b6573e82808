import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { emptyRedis } from '../support/services.ts';

/** `npm run test:long` has all of them: what a client costs does not depend on how many there are. */
const CROWD = process.env.LONG_TESTS ? 10_000 : 2000;
const MAX = CROWD / 2;
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
/** As many registrations, some at once; how many were refused. */
const crowd = async (one: (n: number) => Promise<unknown>): Promise<number> => {
  let refused = 0;
  for (let n = 0; n < CROWD; n += 100) {
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

test('a client that registers a thousand times, for as many rooms, is one client with the memory of one', async () => {
  await register('c', 'room');
  const before = await memory();
  expect(await crowd((n) => register('c', `room-${n}`))).toBe(0);
  expect(await clients()).toBe(1);
  expect(await memory()).toBeLessThan(before + 200);
});

test('thousands of clients that register once: as many as there are places, in bounded memory; then they are forgotten', async () => {
  expect(await crowd((n) => register(`client-${n}`, `room-${n}`))).toBe(CROWD - MAX);
  expect(await clients()).toBe(MAX);
  const full = await memory();
  expect(full / MAX).toBeLessThan(1000);
  expect(await crowd((n) => register(`other-${n}`, 'room'))).toBe(CROWD);
  expect(await memory()).toBeLessThanOrEqual(full);
  // Those that came first are still served.
  const served = await registry.audience(['room-0', `room-${MAX - 1}`, `room-${MAX}`]);
  expect([...served.keys()]).toEqual(['room-0', `room-${MAX - 1}`]);

  await register('late', 'room', NOW + 60_000);
  while ((await registry.expire(NOW + 60_000)) > 0);
  expect(await clients()).toBe(1);
  expect(await redis.dbsize()).toBeLessThanOrEqual(10);
});
