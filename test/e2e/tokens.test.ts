import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { registryKeys } from '../../lib/adapters/redis/registry-keys.ts';
import type { Scope } from '../../lib/domain/access.ts';
import { signToken } from '../../scripts/lib/token.ts';
import { scripts } from '../support/scripts.ts';
import { databaseUrl, emptyRedis } from '../support/services.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';
import { connectSocket, refusalOf, type SocketClient } from './socket-client.ts';

// The whole platform with AUTH_MODE=jwt, and with a password in REDIS_URL.

const AUTH_SECRET = 'tokens.test.ts signs with these bytes';
const REDIS_PASSWORD = 'tokens.test.ts-redis-password';
const dataDir = newDataDir();
const { run } = scripts();
const sockets = new Set<Socket>();
let redis: Server;
let redisClient: Awaited<ReturnType<typeof emptyRedis>>;
let platform: Platform;
const tokens: string[] = [];

/** A proxy to the Redis of the tests. When it is closed, Redis is down for the platform. */
const redisProxy = async (): Promise<Server> => {
  const { port, hostname } = new URL(process.env.REDIS_URL ?? '');
  const server = createServer((socket) => {
    const upstream = connect(Number(port || 6379), hostname);
    for (const each of [socket, upstream]) sockets.add(each.on('error', () => undefined));
    socket.pipe(upstream).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
};

beforeAll(async () => {
  redisClient = await emptyRedis('tokens');
  redis = await redisProxy();
  const { port } = redis.address() as AddressInfo;
  const url = databaseUrl('tokens');
  Object.assign(url, { host: `127.0.0.1:${port}`, username: 'default', password: REDIS_PASSWORD });
  platform = await startPlatform(dataDir, { AUTH_MODE: 'jwt', AUTH_SECRET, REDIS_URL: url.href });
});
afterAll(async () => {
  await platform?.stop();
  for (const socket of sockets) socket.destroy();
  redis?.close();
  redisClient?.disconnect();
  removeDataDir(dataDir);
});

/** The number of registered clients. */
const registered = async (): Promise<number> => redisClient.zcard(registryKeys(redisClient).byExpiry);

const token = async (user: string, scopes: Scope[], rooms: string[], seconds = 600): Promise<string> => {
  const made = await signToken(
    { AUTH_SECRET, AUTH_ISSUER: undefined, AUTH_AUDIENCE: undefined },
    { user, scopes, rooms, seconds },
  );
  tokens.push(made);
  return made;
};

const call = async (method: string, path: string, { body, bearer }: { body?: unknown; bearer?: string } = {}) => {
  const answer = await fetch(`${platform.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};
const tap = (fields: Record<string, unknown> = {}) => ({
  user_id: 'u1',
  emoji_type: '🔥',
  timestamp: new Date().toISOString(),
  room_id: 'final',
  ...fields,
});
const watching = { client_id: 'u1:tv', host: '127.0.0.1', port: 6000, room_id: 'final' };

describe('AUTH_MODE=jwt', () => {
  test.each([
    ['POST', '/emoji', tap()],
    ['POST', '/register', watching],
    ['DELETE', '/register/u1:tv', undefined],
    ['GET', '/live?room_id=final', undefined],
  ])('%s %s: 401 without a token and with an expired one', async (method, path, body) => {
    const none = await call(method, path, { body });
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="emoji-streaming"']);
    const expired = await call(method, path, { body, bearer: await token('u1', ['admin'], [], -60) });
    expect([expired.status, expired.body]).toEqual([401, { error: 'The token has expired' }]);
    for (const { headers } of [none, expired])
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-request-id': expect.stringMatching(/./),
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
  });

  test('taps of the token’s user in its rooms are counted; others are answered 403 and not counted', async () => {
    const bearer = await token('u1', ['tap'], ['final', 'match-*']);
    const statusOf = async (body: unknown) => (await call('POST', '/emoji', { body, bearer })).status;
    expect(await statusOf(tap({ room_id: 'other' }))).toBe(403);
    expect(await statusOf(tap({ user_id: 'u2' }))).toBe(403);
    expect(await statusOf({ events: [tap(), tap({ room_id: 'other' })] })).toBe(403);
    expect(await statusOf(tap())).toBe(200);
    expect(await statusOf({ events: [tap({ room_id: 'match-7' })] })).toBe(200);
    const admin = await token('boss', ['admin'], []);
    const totals = async (room: string) =>
      (await call('GET', `/live?room_id=${room}`, { bearer: admin })).body.totals as { raw_count: number }[];
    await until('both taps are counted', async () => (await totals('final'))[0] && (await totals('match-7'))[0]);
    expect((await totals('final')).map(({ raw_count }) => raw_count)).toEqual([1]);
    expect(await totals('other')).toEqual([]);
  });

  test('watching needs the scope watch and the room', async () => {
    const tapper = await token('u1', ['tap'], ['*']);
    const watcher = await token('u1', ['watch'], ['final']);
    const needed = { error: 'The token needs the scope watch' };
    expect(await call('POST', '/register', { body: watching, bearer: tapper })).toMatchObject({
      status: 403,
      body: needed,
    });
    expect(await call('GET', '/live?room_id=final', { bearer: tapper })).toMatchObject({ status: 403, body: needed });
    expect((await call('GET', '/live?room_id=other', { bearer: watcher })).status).toBe(403);
    expect((await call('POST', '/emoji', { body: tap(), bearer: watcher })).status).toBe(403);
    const live = await call('GET', '/live?room_id=final', { bearer: watcher });
    expect([live.status, live.headers.get('cache-control')]).toEqual([200, 'private, max-age=1']);
    expect((await call('POST', '/register', { body: watching, bearer: watcher })).status).toBe(200);
    expect((await call('DELETE', '/register/u1:tv', { bearer: watcher })).status).toBe(200);
  });

  test('GET /health needs no token', async () => {
    expect((await call('GET', '/health')).status).toBe(200);
  });

  test('the simulator works with a token of npm run token', async () => {
    const made = await run('token', ['--scope', 'admin', '--hours', '0.1'], { AUTH_SECRET });
    expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/^for dev, scope admin, rooms \*, until 2/) });
    const EMOJI_TOKEN = made.stdout.trim();
    tokens.push(EMOJI_TOKEN);
    const taps = ['--seconds', '1', '--rate', '20', '--clients', '2', '--room', 'simulated', '--url', platform.url];
    expect((await run('simulate', taps)).code).toBe(1);
    const simulated = await run('simulate', taps, { EMOJI_TOKEN });
    expect([simulated.code, simulated.stderr]).toEqual([0, '']);
  });
});

/** `npm run test:long` uses the full number. */
const CROWD = process.env.LONG_TESTS ? 2000 : 500;

describe('WebSocket', () => {
  test('is refused with 401 without a valid token, and with 403 without the scope or the room', async () => {
    const refused = async (bearer?: string) =>
      refusalOf(platform.socketUrl, { query: { room_id: 'final', ...(bearer ? { token: bearer } : {}) } });
    expect(await refused()).toBe(401);
    expect(await refused(await token('u1', ['admin'], [], -60))).toBe(401);
    expect(await refused(await token('u1', ['tap'], ['*']))).toBe(403);
    expect(await refused(await token('u1', ['watch'], ['other']))).toBe(403);
  });

  test('rooms and taps of a connection are those of its token', async () => {
    const query = { room_id: 'final', token: await token('u1', ['watch', 'tap'], ['final']) };
    const viewer = await connectSocket(platform.socketUrl, { query });
    expect(await viewer.ask({ type: 'room', room_id: 'other' }, 'error')).toMatchObject({ of: 'room', status: 403 });
    expect(await viewer.ask({ type: 'tap', ...tap({ user_id: 'u2' }) }, 'ack')).toMatchObject({ status: 403 });
    expect(await viewer.ask({ type: 'tap', ...tap() }, 'ack')).toEqual({ type: 'ack', status: 200 });
    await until('a frame has come', () => viewer.totals('final')['🔥']);
    await viewer.close();
  });

  test(`${CROWD} viewers that leave and come back at once: every one gets exact totals, and the platform goes on`, async () => {
    const before = await platform.pid('functions');
    const query = { room_id: 'crowd', token: await token('crowd', ['watch', 'tap'], ['crowd']) };
    // As clients do, a viewer whom a busy machine turns away comes again after a random delay.
    const arriveOne = () =>
      until('the viewer is connected', () =>
        connectSocket(platform.socketUrl, { query }).catch(async (error: Error) => {
          if (!/response: (502|503|504)/.test(error.message)) throw error;
          await sleep(5000 * Math.random());
          return undefined;
        }),
      );
    const arrive = () => Promise.all(Array.from({ length: CROWD }, arriveOne));
    const tapOnce = async (viewer: SocketClient | undefined) =>
      viewer?.ask({ type: 'tap', ...tap({ user_id: 'crowd', room_id: 'crowd' }) }, 'ack');
    const haveAll = (viewers: SocketClient[], total: number) =>
      until(`all viewers have the total ${total}`, () =>
        viewers.every((viewer) => viewer.totals('crowd')['🔥'] === total),
      );
    const first = await arrive();
    expect(await tapOnce(first[0])).toMatchObject({ status: 200 });
    await haveAll(first, 1);

    // Half of them say goodbye, and the others break.
    for (const [n, viewer] of first.entries())
      if (n % 2 === 0) void viewer.close();
      else viewer.terminate();
    const second = await arrive();
    expect(await tapOnce(second[0])).toMatchObject({ status: 200 });
    await haveAll(second, 2);
    await until('only those who came back are registered', async () => (await registered()) === second.length);
    for (const viewer of second) viewer.terminate();
    await until('nobody is registered', async () => (await registered()) === 0);
    expect(await platform.pid('functions')).toBe(before);
  });
});

describe('CORS', () => {
  const ask = (origin: string, path: string, method = 'OPTIONS') =>
    fetch(`${platform.url}${path}`, {
      method,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  const cors = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

  test('a configured origin may call the API, after a preflight request', async () => {
    const preflight = await ask('http://localhost:3000', '/emoji');
    expect([preflight.status, Object.fromEntries(preflight.headers)]).toMatchObject([
      204,
      {
        'access-control-allow-origin': 'http://localhost:3000',
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-allow-methods': 'GET,POST,DELETE',
      },
    ]);
    const answer = await ask('http://localhost:3000', '/health', 'GET');
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  });

  test.each(['https://evil.example', 'http://localhost:3000.evil.example', 'http://localhost:30000', 'null'])(
    'another origin may not call the API or read an answer: %s',
    async (origin) => {
      for (const [path, method] of [
        ['/emoji', 'OPTIONS'],
        ['/health', 'GET'],
        ['/nothing', 'GET'],
      ] as const)
        expect(
          cors(await ask(origin, path, method)).filter((name) => name !== 'access-control-expose-headers'),
        ).toEqual([]);
    },
  );
});

describe('by default', () => {
  const rooms = (from: number, count: number) => Array.from({ length: count }, (_, n) => `new-${from + n}`);
  const tapIn = async (names: readonly string[], userOf: (n: number) => string) => {
    const events = names.map((room_id, n) => tap({ room_id, user_id: userOf(n) }));
    const bearer = await token('boss', ['admin'], []);
    return call('POST', '/emoji', { body: { events }, bearer });
  };
  const tooMany = (what: string) => ({
    status: 429,
    body: { error: 'Too many new rooms', details: [{ path: 'room_id', message: expect.stringContaining(what) }] },
  });

  test('a user may open 50 new rooms an hour; further ones are answered 429, rooms that exist are not', async () => {
    const user = () => 'opener';
    expect((await tapIn(rooms(0, 40), user)).status).toBe(200);
    // A user may send 40 taps at once, then 20 a second.
    await until('the user may send ten more', async () => (await tapIn(rooms(40, 10), user)).status === 200);
    const refused = await until('the user may tap again', async () => {
      const answer = await tapIn(rooms(50, 5), user);
      return JSON.stringify(answer.body).includes('taps') ? undefined : answer;
    });
    expect(refused).toMatchObject(tooMany('opener may open 50 new rooms'));
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
    await until('rooms that exist are open', async () => (await tapIn(rooms(0, 5), user)).status === 200);
    expect((await tapIn(rooms(50, 5), () => 'another')).status).toBe(200);
  });

  test('all users of an address may open 1,000 new rooms an hour together', async () => {
    const userOf = (n: number) => `one-of-many-${n}`;
    expect((await tapIn(rooms(1000, 500), userOf)).status).toBe(200);
    // The earlier tests have opened some, too.
    const refused = await tapIn(rooms(1500, 500), userOf);
    expect(refused).toMatchObject(tooMany('may open 1000 new rooms'));
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
    expect((await tapIn(rooms(1000, 500), userOf)).status).toBe(200);
  });
});

test('logs of failed requests contain no secret, password or token', async () => {
  const bearer = await token('u1', ['tap', 'watch'], ['*']);
  redis.close();
  for (const socket of sockets) socket.destroy();
  const failed = await until('a request fails because Redis is down', async () => {
    const answer = await call('POST', '/register', { body: watching, bearer });
    return answer.status === 503 && answer;
  });
  const id = failed.headers.get('x-request-id') ?? '';
  await until('the failure is logged', () => platform.output().includes('request failed'));
  const line = platform
    .output()
    .split('\n')
    .find((each) => each.includes('request failed') && each.includes(id));
  expect(JSON.parse(line?.slice(line.indexOf('{')) ?? '')).toMatchObject({ function: 'register', requestId: id });
  const log = platform.output();
  expect(tokens.length).toBeGreaterThan(5);
  // Also not the token's claims or signature.
  const parts = tokens.flatMap((each) => [each, ...each.split('.').slice(1)]);
  for (const secret of [AUTH_SECRET, REDIS_PASSWORD, ...parts]) expect(log.includes(secret)).toBe(false);
});
