import { beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Socket } from 'node:net';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { undocumented } from '../support/api-documents.ts';
import { quiet } from '../support/services.ts';
import { until } from '../support/until.ts';
import { apiContract } from './api-contract.ts';
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

apiContract(() => platform.url);

test('the warm-up taps of npm start are counted in their own room', async () => {
  const warm = await live(platform.url, 'warm-up');
  // Their number depends on the machine.
  expect(warm.totals).toEqual([{ emoji_type: '🔥', raw_count: expect.any(Number) }]);
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
