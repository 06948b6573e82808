import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { createHandler } from '../../functions/ingest.ts';
import { openAuthenticator } from '../../lib/usecases/authorization.ts';
import { Breaker } from '../../lib/adapters/redis/breaker.ts';
import { createRedis, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRateLimiter, type Rate } from '../../lib/adapters/redis/rate-limiter.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { RedisRooms } from '../../lib/adapters/redis/rooms.ts';
import { createAdmission } from '../../lib/usecases/admission.ts';
import type { Charge, LimitName } from '../../lib/ports.ts';
import { RecordedLog } from '../support/doubles.ts';
import { httpEvent } from '../support/events.ts';
import { emptyRedis, quiet } from '../support/services.ts';
import { until } from '../support/until.ts';

let redis: RedisClient;
beforeAll(async () => {
  redis = await emptyRedis('limits');
});
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const RATES = new Map<LimitName, Rate>([
  ['user', { burst: 40, seconds: 2 }],
  ['address', { burst: 1000, seconds: 1 }],
]);
/** Refills so slowly that no token is added between two requests, even on a slow machine. */
const SLOW_RATES = new Map<LimitName, Rate>([['user', { burst: 40, seconds: 4000 }]]);
/** As slow as a test allows, and full within less time than a step of a clock. */
const SLOW_RATES_OF_MINUTES = new Map<LimitName, Rate>([['user', { burst: 40, seconds: 600 }]]);
const limiterOn = (client: RedisClient = redis, rates: ReadonlyMap<LimitName, Rate> = RATES) =>
  new RedisRateLimiter(client, rates, new Breaker({ log: quiet, timeoutMs: 60_000 }));
const charge = (points: number, limit: LimitName = 'user', key = 'u'): Charge => ({ limit, key, points });
/** Counts the requests to Redis during `work`. */
const requestsDuring = async (work: () => Promise<void>): Promise<number> => {
  const write = jest.spyOn((redis as Redis).stream, 'write');
  try {
    await work();
    return write.mock.calls.length;
  } finally {
    write.mockRestore();
  }
};

describe('RedisRateLimiter', () => {
  test('admits the burst and rejects more; a verdict has the remaining tokens and the time to wait', async () => {
    const limiter = limiterOn(redis, SLOW_RATES);
    expect(await limiter.charge([charge(39)])).toMatchObject({ taken: true, burst: 40, seconds: 4000, remaining: 1 });
    expect(await limiter.charge([charge(1)])).toMatchObject({ taken: true, remaining: 0 });
    const refused = await limiter.charge([charge(2)]);
    expect(refused).toMatchObject({ taken: false, charge: charge(2), remaining: 0 });
    expect(refused?.waitMs).toBeGreaterThan(0);
    expect(refused?.waitMs).toBeLessThanOrEqual(200_000);
    expect(await limiter.charge([charge(1, 'user', 'other')])).toMatchObject({ taken: true, remaining: 39 });
  });

  test('refills at the configured rate: two seconds of taps get the burst plus the refill', async () => {
    // Several limiters, as in several processes, charge as fast as possible.
    const limiters = [limiterOn(), limiterOn(), limiterOn()];
    const began = performance.now();
    let taken = 0;
    const flood = async (limiter: RedisRateLimiter) => {
      while (performance.now() - began < 2000) {
        const verdict = await limiter.charge([charge(1)]);
        if (verdict?.taken) taken++;
        // A verdict from memory resolves at once: without this the other limiters would never run.
        await new Promise(setImmediate);
      }
    };
    await Promise.all(limiters.map(flood));
    const seconds = (performance.now() - began) / 1000;
    expect(taken).toBeLessThanOrEqual(40 + Math.ceil(20 * seconds));
    expect(taken).toBeGreaterThanOrEqual(40 + 20 * 2 - 6);
  });

  test('a token bucket that was used while the clock of Redis was ahead is full when the clock is right again', async () => {
    const ahead = Date.now() + 1_800_000;
    await redis.set('rate:user:u', `${ahead}.000`, 'PX', 1_800_000);
    const limiter = limiterOn(redis, SLOW_RATES_OF_MINUTES);
    expect(await limiter.charge([charge(1)])).toMatchObject({ taken: true, remaining: 39 });
    expect(await limiter.charge([charge(39)])).toMatchObject({ taken: true, remaining: 0 });
  });

  test('a rejected call takes no tokens from any of its limits', async () => {
    // Refills so slowly that no token is added during the test.
    const limiter = limiterOn(
      redis,
      new Map<LimitName, Rate>([
        ['user', { burst: 40, seconds: 4000 }],
        ['address', { burst: 1000, seconds: 100_000 }],
      ]),
    );
    await limiter.charge([charge(30), charge(30, 'address', 'a')]);
    const verdict = await limiter.charge([charge(900, 'address', 'a'), charge(11)]);
    expect(verdict).toMatchObject({ taken: false, charge: charge(11) });
    expect(await limiter.charge([charge(10), charge(970, 'address', 'a')])).toMatchObject({ taken: true });
    expect(await limiter.charge([charge(1, 'address', 'a')])).toMatchObject({ taken: false });
  });

  test('a charge larger than the burst is rejected without calling Redis', async () => {
    const requests = await requestsDuring(async () => {
      expect(await limiterOn().charge([charge(1), charge(41, 'user', 'v')])).toMatchObject({
        taken: false,
        charge: charge(41, 'user', 'v'),
        waitMs: 2000,
      });
    });
    expect(requests).toBe(0);
  });

  test('a flood is rejected without calling Redis; smaller charges are still admitted', async () => {
    const limiter = limiterOn(redis, new Map([['user', { burst: 40, seconds: 400 }]]));
    await limiter.charge([charge(30)]);
    expect(await limiter.charge([charge(20)])).toMatchObject({ taken: false });
    const requests = await requestsDuring(async () => {
      for (let n = 0; n < 1000; n++) expect(await limiter.charge([charge(20)])).toMatchObject({ taken: false });
    });
    expect(requests).toBe(0);
    expect(await limiter.charge([charge(10)])).toMatchObject({ taken: true });
  });

  test('all charges of a tap are sent in one request', async () => {
    const limiter = limiterOn();
    await limiter.charge([charge(1)]); // loads the script into Redis
    const requests = await requestsDuring(async () => {
      await limiter.charge([charge(1), charge(1, 'address', 'a'), charge(1, 'user', 'v')]);
    });
    expect(requests).toBe(1);
  });

  test('a limit that is not configured does not apply', async () => {
    expect(await limiterOn().charge([charge(1e6, 'room', 'r')])).toBeUndefined();
    expect(await redis.dbsize()).toBe(0);
  });

  test('a full bucket is removed from Redis', async () => {
    await limiterOn(redis, new Map([['user', { burst: 40, seconds: 1 }]])).charge([charge(40)]);
    expect(await redis.dbsize()).toBe(1);
    await until('the bucket is full', async () => (await redis.dbsize()) === 0);
  });
});

describe('RedisRooms', () => {
  const roomsOn = (options: Partial<ConstructorParameters<typeof RedisRooms>[2]> = {}, client = redis) =>
    new RedisRooms(client, new Breaker({ log: quiet, timeoutMs: 60_000 }), {
      max: 3,
      activeMs: 1000,
      cacheMs: 100,
      ...options,
    });

  test('limits the active rooms of all processes, admits active ones, and all rooms of a request or none', async () => {
    expect(await roomsOn().admit(['a', 'b', 'a'], 0)).toEqual([]);
    expect(await roomsOn().admit(['c', 'd'], 0)).toEqual(['d']);
    expect(await roomsOn().admit(['d', 'a'], 0)).toEqual([]);
    expect(await roomsOn().admit(['c'], 0)).toEqual(['c']);
    expect(await roomsOn().admit(['a', 'b', 'd'], 0)).toEqual([]);
  });

  test('an inactive room is removed when a new room needs its place', async () => {
    const rooms = roomsOn();
    await rooms.admit(['a', 'b', 'c'], 0);
    await rooms.admit(['a'], 500);
    expect(await rooms.admit(['d', 'e', 'f'], 1000)).toEqual(['f']);
    expect(await rooms.admit(['d', 'e'], 1000)).toEqual([]);
    expect(await redis.zrange('active_rooms', 0, -1)).toEqual(['a', 'd', 'e']);
  });

  test('a room that was admitted a moment ago needs no request to Redis', async () => {
    const rooms = roomsOn();
    await rooms.admit(['a'], 0);
    const requestsAt = (now: number) => requestsDuring(async () => void (await rooms.admit(['a'], now)));
    expect(await requestsAt(99)).toBe(0);
    expect(await requestsAt(100)).toBe(1);
  });

  test('`inactive` returns the rooms that are not active, without admitting them', async () => {
    const rooms = roomsOn();
    await rooms.admit(['a'], 0);
    expect(await roomsOn().inactive(['a', 'b', 'b'], 999)).toEqual(['b']);
    expect(await roomsOn().inactive(['a', 'b'], 1000)).toEqual(['a', 'b']);
    expect(await redis.zrange('active_rooms', 0, -1)).toEqual(['a']);
  });

  test('of 50 processes that claim the same room at once, exactly one gets it; a claim ends by itself', async () => {
    const claims = await Promise.all(Array.from({ length: 50 }, () => roomsOn().claim(['a'])));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await roomsOn().claim(['b', 'a'])).toBe(false);
    expect(await roomsOn().claim(['b'])).toBe(true); // the failed claim kept none of its rooms
    await until('the claims have ended', () => roomsOn().claim(['a', 'b']));
  });

  test('limits new rooms per user and per address; other users and active rooms are not affected', async () => {
    const breaker = new Breaker({ log: quiet, timeoutMs: 60_000 });
    const rates = new Map<LimitName, Rate>([
      ['new-rooms-user', { burst: 3, seconds: 3600 }],
      ['new-rooms-address', { burst: 5, seconds: 3600 }],
    ]);
    const limiter = new RedisRateLimiter(redis, rates, breaker);
    const admission = createAdmission({
      ...{ limiter, whenDown: 'open', clock: () => 1 },
      rooms: new RedisRooms(redis, breaker, { max: 10_000, cacheMs: 0 }),
    });
    const tap = (user_id: string, ...rooms: string[]) =>
      admission
        .taps(
          '192.0.2.1',
          rooms.map((room_id) => ({ user_id, room_id, count: 1, emoji_type: '🔥', timestamp: '2026-05-01T20:45:00Z' })),
        )
        .then(
          () => 'taken',
          (error: { message: string }) => error.message,
        );
    expect(await tap('u', 'a', 'b', 'c')).toBe('taken');
    expect(await tap('u', 'd')).toBe('Too many new rooms');
    expect(await tap('u', 'a', 'b')).toBe('taken');
    expect(await tap('v', 'd', 'e')).toBe('taken');
    expect(await tap('w', 'f')).toBe('Too many new rooms'); // the address has opened five
    expect(await redis.zrange('active_rooms', 0, -1)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('the first registration of a process does not change the active rooms', async () => {
    await roomsOn().admit(['a', 'b'], 0);
    const registry = new RedisRegistry(redis, { clusters: 1, subscribersPerCluster: 1, clientTtl: 60 });
    await registry.register({ client_id: 'c', host: 'localhost', port: 6000, room_id: 'a' }, 0);
    expect(await redis.zrange('active_rooms', 0, -1)).toEqual(['a', 'b']);
  });

  test('Redis keeps the clients of a room although its clock is set ahead by hours', async () => {
    const registry = new RedisRegistry(redis, { clusters: 1, subscribersPerCluster: 1, clientTtl: 600 });
    await registry.register({ client_id: 'c', host: 'localhost', port: 6000, room_id: 'a' }, Date.now());
    for (const key of ['viewers', 'audience']) expect(await redis.ttl(`{registry}:${key}:a`)).toBeGreaterThan(6 * 3600);
  });

  test('of 20,000 invented rooms only the maximum is admitted, with bounded memory', async () => {
    const rooms = roomsOn({ max: 10_000 });
    let admitted = 0;
    for (let n = 0; n < 20_000; n += 100) {
      const batch = Array.from({ length: 100 }, (_, i) => `room-${n + i}`);
      if ((await rooms.admit(batch, 0)).length === 0) admitted += 100;
    }
    expect(admitted).toBe(10_000);
    expect(await redis.zcard('active_rooms')).toBe(10_000);
    expect(await redis.memory('USAGE', 'active_rooms')).toBeLessThan(2_000_000);
  });
});

describe('while Redis does not answer', () => {
  /** Accepts connections and never answers, like a hanging Redis. */
  let silent: Server;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    silent = createServer((socket) => sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  const post = (client: RedisClient, whenDown: 'open' | 'closed') => {
    const breaker = new Breaker({ log: quiet });
    const records = new RecordedLog();
    const admission = createAdmission({
      limiter: new RedisRateLimiter(client, SLOW_RATES, breaker),
      rooms: new RedisRooms(client, breaker, { max: 1 }),
      whenDown,
      clock: Date.now,
    });
    const handler = createHandler({
      auth: openAuthenticator,
      records,
      admission,
      clock: Date.now,
      log: quiet,
      shortCodes: [],
    });
    const tap = { user_id: 'u', emoji_type: '🔥', timestamp: new Date().toISOString() };
    return { records, tap: async (room_id = 'r') => handler(httpEvent({ body: { ...tap, room_id } })) };
  };

  const cases = [
    ['refuses connections', 'open', 200],
    ['refuses connections', 'closed', 503],
    ['hangs', 'open', 200],
    ['hangs', 'closed', 503],
  ] as const;
  test.each(cases)(
    'Redis %s, limits fail %s: answers %i, after the first tap without a wait',
    async (how, when, status) => {
      const port = how === 'hangs' ? (silent.address() as AddressInfo).port : 1;
      const client = createRedis(`redis://127.0.0.1:${port}`, quiet);
      try {
        const { records, tap } = post(client, when);
        const began = performance.now();
        expect(await tap()).toMatchObject({ statusCode: status });
        expect(performance.now() - began).toBeLessThan(4000);
        const after = performance.now();
        for (let n = 0; n < 100; n++) expect(await tap(`room-${n}`)).toMatchObject({ statusCode: status });
        expect(performance.now() - after).toBeLessThan(8000); // 25 s if each request waited
        expect(records.records(REACTION_TOPIC)).toHaveLength(status === 200 ? 101 : 0);
      } finally {
        client.disconnect();
      }
    },
  );

  test('an answer that arrived in time but is read late by a busy process is no timeout', async () => {
    await redis.ping();
    const breaker = new Breaker({ log: quiet, timeoutMs: 50 });
    const answer = breaker.run(() => redis.ping());
    await new Promise(setImmediate); // the command is sent
    for (const until = performance.now() + 200; performance.now() < until;);
    expect(await answer).toBe('PONG');
  });

  test('limits apply again when Redis answers again', async () => {
    const client = createRedis(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`, quiet);
    let hangs = true;
    // A client whose Redis first hangs and then answers.
    const switching = new Proxy(redis, {
      get: (target, name) => Reflect.get(hangs ? client : target, name) as unknown,
    });
    const { tap } = post(switching, 'open');
    for (let n = 0; n < 100; n++) expect(await tap()).toMatchObject({ statusCode: 200 });
    hangs = false;
    await until('a tap is rejected', async () => (await tap()).statusCode === 429);
    client.disconnect();
  });
});
