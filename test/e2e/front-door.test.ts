import { beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Socket } from 'node:net';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { undocumented } from '../support/api-documents.ts';
import { quiet } from '../support/services.ts';
import { until } from '../support/until.ts';
import { sum, tapFor } from './crowd.ts';
import { platformForTests, tap } from './fixture.ts';
import { live, liveTotals } from './live.ts';
import { callOf, readmeCalls, runCall } from './readme.ts';
import type { SharedPlatform } from './shared-platform.ts';
import { post, startViewer, type Viewer } from './viewer.ts';

let platform: SharedPlatform;
platformForTests((started) => (platform = started));

const emoji = (body: unknown) => post(`${platform.url}/emoji`, body);
const iso = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();
const closeAll = (viewers: readonly Viewer[]) => Promise.all(viewers.map((viewer) => viewer.close()));

/** Its final update follows after window and watermark; the other tests run meanwhile. */
let silent: Viewer;
beforeAll(async () => {
  silent = await startViewer(platform.url, 'silent', { room_id: 'silent' });
  expect((await emoji(tap({ room_id: 'silent' }))).status).toBe(200);
});

describe('taps by HTTP, clients by TCP', () => {
  test('every client and GET /live get exactly the taps that were answered 200', async () => {
    const rooms = ['front-a', 'front-b'];
    const viewers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => startViewer(platform.url, `v${n}`, { room_id: rooms[n % 2] })),
    );
    const taps = await tapFor(platform.url, { ms: 4000, perSecond: 200, rooms, again: true });
    expect(sum(taps.unknown)).toBe(0);
    expect(sum(taps.answered)).toBeGreaterThan(100);
    for (const [n, viewer] of viewers.entries()) {
      const room = rooms[n % 2] ?? '';
      const expected = new Map(
        [...taps.answered].flatMap(([key, count]) =>
          key.startsWith(`${room} `) ? [[key.slice(room.length + 1), count] as const] : [],
        ),
      );
      await until(`${viewer.id} has received all counts`, () => viewer.total() >= sum(expected));
      expect(viewer.totals()).toEqual(expected);
    }
    expect(await liveTotals(platform.url, rooms)).toEqual(taps.answered);
    for (const room of rooms) expect((await live(platform.url, room)).late).toBe(0);
    await closeAll(viewers);
  });

  test('a client gets at most one message per room and second', async () => {
    const times: number[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', () => times.push(performance.now())).on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await post(`${platform.url}/register`, { client_id: 'pace', host: '127.0.0.1', port, room_id: 'pace' });
    const began = performance.now();
    await tapFor(platform.url, { ms: 4000, perSecond: 50, rooms: ['pace'] });
    await until('four messages have arrived', () => times.length >= 4);
    // Turns are granted once a second; messages may arrive closer together when some are delayed.
    const seconds = ((times.at(-1) ?? 0) - began) / 1000;
    expect(times.length).toBeLessThanOrEqual(seconds + 1);
    await fetch(`${platform.url}/register/pace`, { method: 'DELETE' });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('a client that does not read does not delay others', async () => {
    const sockets: Socket[] = [];
    const deaf = createServer((socket) => sockets.push(socket.pause().on('error', () => {})));
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const { port } = deaf.address() as { port: number };
    const registered = { client_id: 'deaf', host: '127.0.0.1', port, room_id: 'slow' };
    expect((await post(`${platform.url}/register`, registered)).status).toBe(200);
    const viewer = await startViewer(platform.url, 'quick', { room_id: 'slow' });
    const taps = await tapFor(platform.url, { ms: 3000, perSecond: 50, rooms: ['slow'] });
    await until('the other client has received all counts', () => viewer.total() === sum(taps.answered), 15_000);
    await viewer.close();
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });

  test('taps without a time zone or from the future count when received, and late taps are counted as late', async () => {
    const room_id = 'times';
    const before = Date.now();
    for (const timestamp of ['2020-01-01T00:00:00.123456', iso(3_600_000)])
      expect((await emoji(tap({ room_id, timestamp }))).status).toBe(200);
    expect((await emoji(tap({ room_id, timestamp: iso(-60_000), count: 7 }))).status).toBe(200);
    const room = await until('all three taps are counted', async () => {
      const found = await live(platform.url, room_id);
      return found.totals[0]?.raw_count === 2 && found.late === 7 && found;
    });
    for (const { start } of room.windows) {
      expect(Date.parse(start)).toBeGreaterThan(before - 2000);
      expect(Date.parse(start)).toBeLessThanOrEqual(Date.now());
    }
  });
});

describe('answers of the API', () => {
  const missing = { error: 'Missing required fields' };
  const ok = { status: 'success', message: 'Emoji data queued successfully' };

  test.each<[string, unknown, number, unknown]>([
    ['a tap', tap(), 200, ok],
    ['a batch', { events: [tap({ count: 3 }), tap()] }, 200, { ...ok, accepted: 4 }],
    ['an empty object', {}, 400, missing],
    ['no emoji', tap({ emoji_type: undefined }), 400, missing],
    ['no user', tap({ user_id: undefined }), 400, missing],
    ['no timestamp', tap({ timestamp: undefined }), 400, missing],
    ['an incomplete tap in a batch', { events: [tap(), {}] }, 400, missing],
    ['two emojis', tap({ emoji_type: '🔥🔥' }), 400, { details: [{ path: 'emoji_type' }] }],
    ['a count of 101', tap({ count: 101 }), 400, { details: [{ path: 'count' }] }],
    [
      'a batch with one bad tap',
      { events: [tap(), tap({ count: 0 })] },
      400,
      { details: [{ path: 'events.1.count' }] },
    ],
    ['501 taps', { events: Array(501).fill(tap()) }, 400, { details: [{ path: 'events' }] }],
    ['invalid JSON', '{"user_id":', 400, { error: 'Invalid JSON' }],
    ['a list', '[]', 400, { error: 'Invalid request' }],
    ['257 KiB', { ...tap(), pad: 'x'.repeat(257 * 1024) }, 413, {}],
  ])('POST /emoji: %s', async (_what, body, status, answer) => {
    const response = await emoji(body);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect([response.status, await response.json()]).toMatchObject([status, answer as object]);
  });

  test('a batch with one invalid tap queues none of its taps', async () => {
    const room_id = 'refused';
    await emoji({ events: [tap({ room_id }), tap({ room_id, count: 0 })] });
    await emoji(tap({ room_id: 'refused-after' }));
    await until('a later tap is counted', async () => (await live(platform.url, 'refused-after')).totals.length > 0);
    expect((await live(platform.url, room_id)).totals).toEqual([]);
  });

  test('POST and DELETE /register', async () => {
    const register = async (body: unknown) => {
      const response = await post(`${platform.url}/register`, body);
      return [response.status, await response.json()] as const;
    };
    const required = { error: 'Client ID and port are required' };
    expect(await register({ port: 6000 })).toEqual([400, required]);
    expect(await register({ client_id: 'c' })).toEqual([400, required]);
    expect(await register({ client_id: 'c', port: 80 })).toMatchObject([400, { details: [{ path: 'port' }] }]);
    for (const host of ['169.254.169.254', '10.0.0.1', '::ffff:169.254.169.254', '0x7f.1', 'example.com'])
      expect(await register({ client_id: 'c', port: 6000, host })).toMatchObject([
        400,
        { details: [{ path: 'host' }] },
      ]);
    expect(await register({ client_id: 'c', port: 6000, cluster_id: 99 })).toMatchObject([
      400,
      { details: [{ path: 'cluster_id' }] },
    ]);
    const [status, body] = await register({ client_id: 'c', port: 6000, cluster_id: 1 });
    expect([status, body]).toEqual([
      200,
      { message: 'Client c registered successfully.', subscriber_id: expect.any(Number), cluster_id: 1 },
    ]);
    expect(await register({ client_id: 'c', port: 6001, cluster_id: 1 })).toEqual([status, body]);
    const remove = () => fetch(`${platform.url}/register/c`, { method: 'DELETE' }).then(({ status }) => status);
    expect(await remove()).toBe(200);
    expect(await remove()).toBe(404);
  });

  test.each(['...', 'a/b', '../a', '/', '\\', '?', '#', '%', '%2e', '%zz', 'ü', '🔥'])(
    'a client that is registered as %s can be removed',
    async (id) => {
      expect((await post(`${platform.url}/register`, { client_id: id, port: 6000 })).status).toBe(200);
      const url = `${platform.url}/register/${encodeURIComponent(id)}`;
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(200);
    },
  );

  test('the warm-up taps of npm start are counted in their own room', async () => {
    const warm = await live(platform.url, 'warm-up');
    // Their number depends on the machine.
    expect(warm.totals).toEqual([{ emoji_type: '🔥', raw_count: expect.any(Number) }]);
  });

  test('GET /live may be cached for a second, GET /health may not', async () => {
    const snapshot = await fetch(`${platform.url}/live?room_id=nobody`);
    expect(snapshot.headers.get('cache-control')).toBe('public, max-age=1');
    expect(await snapshot.json()).toMatchObject({ room_id: 'nobody', windows: [], totals: [], late: 0 });
    expect((await fetch(`${platform.url}/live?room_id=${encodeURIComponent('{}')}`)).status).toBe(400);
    const health = await fetch(`${platform.url}/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', broker: 'up', redis: 'up' }]);
    expect(health.headers.get('cache-control')).toBe('no-store');
  });
});

test('GET /health answers 503 when Redis may evict keys, also to many requests at once', async () => {
  const redis = createRedis(localEndpoints(platform.dataDir)?.REDIS_URL ?? '', quiet);
  const health = async () => {
    const answer = await fetch(`${platform.url}/health`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  try {
    await redis.config('SET', 'maxmemory-policy', 'volatile-lru');
    await until('/health answers 503', async () => (await health()).status === 503);
    for (const { status, body } of await Promise.all(Array.from({ length: 100 }, health)))
      expect([status, body]).toEqual([
        503,
        {
          status: 'unavailable',
          error: 'Has wrong settings: redis',
          details: [{ path: 'redis', message: 'maxmemory-policy must be noeviction (it is volatile-lru)' }],
          ...{ broker: 'up', redis: 'misconfigured' },
        },
      ]);
  } finally {
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    redis.disconnect();
  }
  await until('/health answers 200 again', async () => (await health()).status === 200);
});

describe('the calls in the README', () => {
  test('cover every method and path of the API', () => {
    const calls = readmeCalls().map(([command]) => command);
    for (const part of ['POST localhost:5013/emoji', 'POST localhost:5013/register', 'DELETE', '/live', '/health'])
      expect(calls.some((call) => call.includes(part))).toBe(true);
  });

  test.each(readmeCalls())('%s', async (command, status, answer) => {
    const answered = await runCall(command, platform.url);
    expect(answered).toMatchObject({ status, answer });
    expect(undocumented(callOf(command), { status, body: answered.answer })).toEqual([]);
  });
});

test('a room without further taps gets its final update', async () => {
  // The schedule starts every minute, and then runs every second.
  await until('the final update has arrived', () => silent.lines.some(({ final }) => final === true), 120_000);
  expect(silent.totals()).toEqual(new Map([['🔥', 1]]));
  expect((await live(platform.url, 'silent')).windows.every(({ final }) => final)).toBe(true);
  await silent.close();
});
