import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Caller } from '../../lib/domain/access.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import type { Registry } from '../../lib/ports.ts';

export const LAYOUT = { clusters: 2, subscribersPerCluster: 3, clientTtl: 60 };
const NOW = 1_760_000_000_000;

interface Limits {
  maxClients?: number;
  maxClientsPerAddress?: number;
}

/** The tests that every Registry must pass. @param create returns an empty registry with LAYOUT */
export const registryContract = (create: (limits?: Limits) => Registry | Promise<Registry>): void => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await create();
  });

  const register = (id: string, options: { room_id?: string; cluster_id?: number; port?: number } = {}, now = NOW) =>
    registry.register(registrationSchema.parse({ client_id: id, port: 6000, ...options }), now);
  const registerFrom = (address: string, id: string, now = NOW) =>
    registry.register(registrationSchema.parse({ client_id: id, port: 6000 }), now, address);
  const loads = async () => [...(await registry.loads()).values()].map((each) => [...each.values()]);
  const sorted = async () => (await loads()).flat().sort();

  test('50 clients are balanced over two clusters of three subscribers to within one', async () => {
    for (let n = 0; n < 50; n++) await register(`c${n}`);
    const all = (await loads()).flat();
    expect(all).toHaveLength(6);
    expect(all.reduce((sum, load) => sum + load)).toBe(50);
    expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
  });

  test('clients that register at the same time are balanced too', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => register(`c${n}`)));
    expect(await sorted()).toEqual([8, 8, 8, 8, 9, 9]);
  });

  test('registering again does not move the client or count it twice', async () => {
    const first = await register('c');
    await register('d');
    expect(await register('c', { port: 7000 })).toEqual(first);
    expect(await sorted()).toEqual([0, 0, 0, 0, 1, 1]);
    expect((await registry.clients(first, ['global'])).get('global')).toEqual([
      { transport: 'tcp', id: 'c', host: 'localhost', port: 7000 },
    ]);
  });

  describe('a WebSocket connection', () => {
    const connect = (connection_id: string, room_id = 'global', caller?: Caller, now = NOW) =>
      registry.register({ connection_id, room_id, caller }, now, '10.0.0.1');
    const caller = { user: 'u1', scopes: new Set(['watch', 'tap'] as const), rooms: ['final', 'match-*'] };

    test('is a client like any other: assigned, counted, moved, limited and removed', async () => {
      registry = await create({ maxClientsPerAddress: 2 });
      const first = await connect('id=');
      await registerFrom('10.0.0.1', 'c');
      expect((await registry.clients(first, ['global'])).get('global')).toEqual([
        { transport: 'websocket', id: 'id=' },
      ]);
      await expect(connect('another=')).rejects.toMatchObject({ code: 'rate_limited' });
      const moved = await connect('id=', 'other');
      expect([...(await registry.audience(['other'])).values()]).toEqual([
        [{ cluster: moved.cluster, subscriber: moved.subscriber }],
      ]);
      expect(await sorted()).toEqual([0, 0, 0, 0, 1, 1]);
      expect(await registry.unregister('id=')).toBe(true);
      expect(await sorted()).toEqual([0, 0, 0, 0, 0, 1]);
    });

    test('is found with its room and its caller, also when its subscriber has been removed', async () => {
      const { cluster, subscriber } = await connect('id=', 'final', caller);
      const found = { client: { transport: 'websocket', id: 'id=' }, room: 'final', caller };
      expect(await registry.find('id=')).toEqual(found);
      await registry.removeSubscriber({ cluster, subscriber });
      expect(await registry.find('id=')).toEqual(found);
      expect(await registry.find('other=')).toBeUndefined();
    });

    test('stays in its room when it is refreshed, and its time to live begins anew', async () => {
      const first = await connect('id=', 'final', caller);
      expect(await registry.refresh('id=', NOW + 30_000)).toBe('final');
      expect(await registry.expire(NOW + 89_999)).toBe(0);
      expect([...(await registry.audience(['final'])).values()]).toEqual([
        [{ cluster: first.cluster, subscriber: first.subscriber }],
      ]);
      expect(await registry.find('id=')).toMatchObject({ room: 'final', caller });
      expect(await registry.expire(NOW + 90_000)).toBe(1);
      expect(await registry.refresh('id=', NOW)).toBeUndefined();
      expect(await sorted()).toEqual([0, 0, 0, 0, 0, 0]);
    });

    test('that is refreshed while it moves ends in the new room', async () => {
      for (let n = 0; n < 20; n++) {
        await connect('id=', 'old');
        await Promise.all([connect('id=', 'new'), registry.refresh('id=', NOW), registry.refresh('id=', NOW)]);
        expect(await registry.find('id=')).toMatchObject({ room: 'new' });
      }
      expect(await sorted()).toEqual([0, 0, 0, 0, 0, 1]);
    });

    test('is registered no longer than the token of its caller is valid', async () => {
      await connect('id=', 'final', { ...caller, until: NOW + 30_000 });
      expect(await registry.find('id=')).toMatchObject({ caller: { until: NOW + 30_000 } });
      expect(await registry.expire(NOW + 29_999)).toBe(0);
      expect(await registry.expire(NOW + 30_000)).toBe(1);
      expect(await registry.find('id=')).toBeUndefined();
    });
  });

  test('registering for another room moves the client', async () => {
    await register('c');
    const moved = await register('c', { room_id: 'other' });
    expect([...(await registry.audience(['global', 'other'])).entries()]).toEqual([
      ['other', [{ cluster: moved.cluster, subscriber: moved.subscriber }]],
    ]);
    expect(await sorted()).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('a client is assigned to the requested cluster; an unknown cluster is rejected', async () => {
    await expect(register('c', { cluster_id: 1 })).resolves.toMatchObject({ cluster: 1 });
    for (const cluster_id of [2, -1])
      await expect(register('d', { cluster_id })).rejects.toMatchObject({
        code: 'invalid_request',
        details: [{ path: 'cluster_id', message: 'must be a number from 0 to 1' }],
      });
    expect(await sorted()).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('loads are compared as numbers; among equal loads the lowest id is next', async () => {
    for (const subscriber of [10, 9, 100]) await registry.addSubscriber({ cluster: 0, subscriber });
    const next = async (id: string) => (await register(id, { cluster_id: 0 })).subscriber;
    const order: number[] = [];
    for (let n = 0; n < 66; n++) order.push(await next(`c${n}`));
    // Eleven clients each, so that loads have two digits.
    expect(order).toEqual(Array.from({ length: 11 }, () => [0, 1, 2, 9, 10, 100]).flat());
    await registry.unregister('c4');
    expect(await next('d')).toBe(10);
  });

  test('without a requested cluster, the one with the fewest clients is next', async () => {
    for (let n = 0; n < 11; n++) await register(`a${n}`, { cluster_id: 0 });
    for (let n = 0; n < 9; n++) await register(`b${n}`, { cluster_id: 1 });
    const clusters: number[] = [];
    for (let n = 0; n < 4; n++) clusters.push((await register(`c${n}`)).cluster);
    expect(clusters).toEqual([1, 1, 0, 1]);
  });

  test('unregistering lowers the load once', async () => {
    const { cluster, subscriber } = await register('c');
    expect(await registry.unregister('c')).toBe(true);
    expect(await registry.unregister('c')).toBe(false);
    expect(await sorted()).toEqual([0, 0, 0, 0, 0, 0]);
    expect((await registry.audience(['global'])).size).toBe(0);
    expect((await registry.clients({ cluster, subscriber }, ['global'])).get('global')).toEqual([]);
  });

  test('a client that does not register again expires after its time to live', async () => {
    await register('gone');
    await register('stays');
    await register('stays', {}, NOW + 30_000);
    expect(await registry.expire(NOW + 59_999)).toBe(0);
    expect(await registry.expire(NOW + 60_000)).toBe(1);
    expect(await sorted()).toEqual([0, 0, 0, 0, 0, 1]);
    expect(await registry.unregister('gone')).toBe(false);
  });

  test('the audience of a room has each subscriber with viewers once', async () => {
    for (let n = 0; n < 12; n++) await register(`c${n}`);
    await register('d', { room_id: 'quiet' });
    const audience = await registry.audience(['global', 'quiet', 'empty']);
    expect(audience.get('global')).toHaveLength(6);
    expect(audience.get('quiet')).toHaveLength(1);
    expect(audience.has('empty')).toBe(false);
  });

  describe('subscribers', () => {
    test('that are removed leave their clients to the others, evenly', async () => {
      for (let n = 0; n < 9; n++) await register(`c${n}`, { cluster_id: 0 });
      expect(await registry.removeSubscriber({ cluster: 0, subscriber: 1 })).toBe(3);
      const left = (await registry.loads()).get(0) ?? new Map<number, number>();
      expect([...left.keys()].sort()).toEqual([0, 2]);
      expect([...left.values()].sort()).toEqual([4, 5]);
      expect((await registry.audience(['global'])).get('global')).toHaveLength(2);
    });

    test('that are added get the next clients', async () => {
      for (let n = 0; n < 3; n++) await register(`c${n}`, { cluster_id: 0 });
      expect(await registry.addSubscriber({ cluster: 0, subscriber: 3 })).toBe(true);
      expect(await registry.addSubscriber({ cluster: 0, subscriber: 3 })).toBe(false);
      await expect(register('next', { cluster_id: 0 })).resolves.toMatchObject({ subscriber: 3 });
    });

    test('that do not exist, or are the last of a cluster, can’t be removed', async () => {
      await expect(registry.removeSubscriber({ cluster: 0, subscriber: 9 })).rejects.toMatchObject({
        code: 'not_found',
      });
      await registry.removeSubscriber({ cluster: 0, subscriber: 0 });
      await registry.removeSubscriber({ cluster: 0, subscriber: 1 });
      await expect(registry.removeSubscriber({ cluster: 0, subscriber: 2 })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });
  });

  describe('limits', () => {
    const refusal = (error: string, max: number) => ({
      code: 'rate_limited',
      message: error,
      details: [{ path: 'client_id', message: `must be one of the ${max} clients that are already registered` }],
      headers: { 'retry-after': '60' },
    });

    test('registrations above the limit are rejected; registered clients stay and may move', async () => {
      registry = await create({ maxClients: 3 });
      for (const id of ['a', 'b', 'c']) await register(id);
      await expect(register('d')).rejects.toMatchObject(refusal('Too many clients are registered', 3));
      expect(await sorted()).toEqual([0, 0, 0, 1, 1, 1]);
      await register('a', { port: 7000 });
      await register('b', { room_id: 'other', cluster_id: 1 });
      expect(await sorted()).toEqual([0, 0, 0, 1, 1, 1]);
    });

    test('when a client unregisters or expires, another can register', async () => {
      registry = await create({ maxClients: 2 });
      await register('a');
      await register('b', {}, NOW + 1000);
      await registry.unregister('a');
      await register('c', {}, NOW + 1000);
      await expect(register('d', {}, NOW + 60_999)).rejects.toMatchObject({ code: 'rate_limited' });
      await register('d', {}, NOW + 61_000);
    });

    test('the limit per address does not affect other addresses', async () => {
      registry = await create({ maxClientsPerAddress: 2 });
      for (const id of ['a', 'b', 'a', 'b']) await registerFrom('10.0.0.1', id);
      await expect(registerFrom('10.0.0.1', 'c')).rejects.toMatchObject(
        refusal('Too many clients are registered from 10.0.0.1', 2),
      );
      await registerFrom('10.0.0.2', 'c');
      // A client that registers from another address counts for that address.
      await registerFrom('10.0.0.2', 'a');
      await expect(registerFrom('10.0.0.2', 'b')).rejects.toMatchObject({ code: 'rate_limited' });
      await registerFrom('10.0.0.1', 'd');
      await expect(registerFrom('10.0.0.1', 'e')).rejects.toMatchObject({ code: 'rate_limited' });
      await registry.unregister('d');
      await registerFrom('10.0.0.1', 'e');
      expect(await sorted()).toEqual([0, 0, 1, 1, 1, 1]);
    });

    test('clients of a removed subscriber still count for their address', async () => {
      registry = await create({ maxClientsPerAddress: 2 });
      await registerFrom('s', 'a');
      await registerFrom('s', 'b');
      for (const cluster of [0, 1]) await registry.removeSubscriber({ cluster, subscriber: 0 });
      await expect(registerFrom('s', 'c')).rejects.toMatchObject({ code: 'rate_limited' });
      await registry.unregister('a');
      await registerFrom('s', 'c');
    });
  });

  test('after any actions, the loads equal the numbers of clients that the subscribers serve', async () => {
    const action = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      does: fc.constantFrom('register', 'unregister'),
      room: fc.constantFrom('r', 's'),
      cluster: fc.constantFrom(undefined, 0, 1),
      after: fc.integer({ min: 0, max: 70_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 15 }), async (actions) => {
        registry = await create();
        const alive = new Map<string, number>();
        let now = NOW;
        for (const { id, does, room, cluster, after } of actions) {
          now += after;
          if (does === 'unregister') alive.delete(id);
          else alive.set(id, now + LAYOUT.clientTtl * 1000);
          if (does === 'unregister') await registry.unregister(id);
          else await register(id, { room_id: room, ...(cluster === undefined ? {} : { cluster_id: cluster }) }, now);
        }
        await registry.expire(now);
        const there = [...alive].filter(([, until]) => until > now).map(([id]) => id);
        const served: string[] = [];
        for (const [cluster, subscribers] of await registry.loads())
          for (const [subscriber, load] of subscribers) {
            const clients = [...(await registry.clients({ cluster, subscriber }, ['r', 's'])).values()].flat();
            expect(clients).toHaveLength(load);
            served.push(...clients.map(({ id }) => id));
          }
        expect(served.sort()).toEqual(there.sort());
      }),
      { numRuns: 40 },
    );
  });
};
