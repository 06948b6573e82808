import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { quiet } from '../support/services.ts';
import { until } from '../support/until.ts';
import { platformForTests, tap } from './fixture.ts';
import { live } from './live.ts';
import type { SharedPlatform } from './shared-platform.ts';
import { connectSocket, refusalOf, type SocketClient } from './socket-client.ts';
import { post, startViewer } from './viewer.ts';

let platform: SharedPlatform;
platformForTests((started) => (platform = started));
const clients: SocketClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
const open = async (...[options]: Parameters<typeof connectSocket> extends [string, ...infer Rest] ? Rest : never) => {
  const client = await connectSocket(platform.socketUrl, options);
  clients.push(client);
  return client;
};
const emoji = async (room_id: string, count = 1) =>
  expect((await post(`${platform.url}/emoji`, tap({ user_id: `sockets-${room_id}`, room_id, count }))).status).toBe(
    200,
  );
const totalIn = async (room: string) => (await live(platform.url, room)).totals[0]?.raw_count;

/** Calls `use` with the registry of the platform. */
const withRegistry = async <T>(use: (registry: RedisRegistry) => Promise<T>): Promise<T> => {
  const redis = createRedis(localEndpoints(platform.dataDir)?.REDIS_URL ?? '', quiet);
  const { CLUSTERS: clusters, SUBSCRIBERS_PER_CLUSTER: subscribersPerCluster } = loadConfig({});
  try {
    return await use(new RedisRegistry(redis, { clusters, subscribersPerCluster, clientTtl: 600 }));
  } finally {
    redis.disconnect();
  }
};

const hasViewers = (room: string): Promise<boolean> =>
  withRegistry(async (registry) => (await registry.audience([room])).has(room));

test('a viewer gets the room’s state at once, then a frame when counts change', async () => {
  await emoji('socket', 3);
  await until('the taps are counted', async () => (await totalIn('socket')) === 3);
  const viewer = await open();
  const state = await viewer.ask({ type: 'room', room_id: 'socket' }, 'counts');
  expect(state).toMatchObject({ room_id: 'socket', window_ms: 2000, totals: { '🔥': 3 } });
  expect(state.windows.flatMap(({ counts }) => Object.values(counts)).reduce((a, b) => a + b)).toBe(3);
  await emoji('socket', 4);
  await until('a frame has both taps', () => viewer.totals('socket')['🔥'] === 7);
});

test('a tap over the socket is acknowledged, counted once, and seen by every transport', async () => {
  const viewer = await open({ query: { room_id: 'both' } });
  const tcp = await startViewer(platform.url, 'socket-and-tcp', { room_id: 'both' });
  const sent = { type: 'tap', id: 1, ...tap({ user_id: 'sockets', room_id: 'both', event_id: 'e-1', count: 5 }) };
  expect(await viewer.ask(sent, 'ack')).toEqual({ type: 'ack', id: 1, status: 200 });
  expect(await viewer.ask({ ...sent, id: 'again' }, 'ack')).toEqual({ type: 'ack', id: 'again', status: 200 });
  expect(await viewer.ask({ type: 'tap', id: 2, user_id: 'u1' }, 'ack')).toEqual({
    ...{ type: 'ack', id: 2, status: 400, error: 'Missing required fields' },
  });
  await until('the socket has the frame', () => viewer.totals('both')['🔥'] === 5);
  await until('the TCP client has its lines', () => tcp.total() === 5);
  expect(tcp.lines.at(-1)?.total_count).toBe(5);
  expect(await totalIn('both')).toBe(5);
  await tcp.close();
  await fetch(`${platform.url}/register/socket-and-tcp`, { method: 'DELETE' });
});

test('after a room change over the same connection, frames come from the new room only', async () => {
  const viewer = await open({ query: { room_id: 'before' } });
  await emoji('before');
  await until('a frame of the first room has come', () => viewer.totals('before')['🔥'] === 1);
  await viewer.ask({ type: 'room', room_id: 'after' }, 'counts');
  expect(await viewer.ask({ type: 'ping' }, 'pong')).toEqual({ type: 'pong', room_id: 'after' });
  // A frame that was under way may still come; final counts of the first window come later.
  await emoji('before');
  await emoji('after');
  await until('a frame of the second room has come', () => viewer.totals('after')['🔥'] === 1);
  await until('the first room’s taps are counted', async () => (await totalIn('before')) === 2);
  expect(viewer.totals('before')['🔥']).toBe(1);
});

describe('connections that end', () => {
  test('are unregistered when they close', async () => {
    const viewer = await open({ query: { room_id: 'ends' } });
    expect(await hasViewers('ends')).toBe(true);
    await viewer.close();
    await until('the connection is unregistered', async () => !(await hasViewers('ends')));
  });

  test('of which the platform was not told are unregistered with the next frame (410)', async () => {
    await withRegistry((registry) => registry.register({ connection_id: 'lost=', room_id: 'lost' }, Date.now()));
    expect(await hasViewers('lost')).toBe(true);
    await emoji('lost');
    await until('the connection is unregistered', async () => !(await hasViewers('lost')));
  });
});

describe('a connection is refused', () => {
  test('with 403 for a web page of another origin, and accepted for an allowed one', async () => {
    expect(await refusalOf(platform.socketUrl, { origin: 'https://evil.example' })).toBe(403);
    expect(await refusalOf(platform.socketUrl, { origin: 'null' })).toBe(403);
    const allowed = await open({ origin: 'http://localhost:3000' });
    expect(await allowed.ask({ type: 'ping' }, 'pong')).toEqual({ type: 'pong', room_id: 'global' });
  });

  test('with 400 for an invalid room', async () => {
    expect(await refusalOf(platform.socketUrl, { query: { room_id: 'two words' } })).toBe(400);
  });
});

describe('the platform survives', () => {
  const isHere = async () => expect(await (await open()).ask({ type: 'ping' }, 'pong')).toBeDefined();

  test('messages that are no messages', async () => {
    const viewer = await open();
    for (const message of ['', '{', '[]', 'null', { type: 'x' }, { action: '$connect' }, { action: '$disconnect' }])
      viewer.send(message);
    viewer.send(Buffer.from('{"type":"ping"}'));
    await until('six errors have come', () => viewer.messages.filter(({ type }) => type === 'error').length === 6);
    expect(await viewer.ask({ type: 'ping' }, 'pong')).toEqual({ type: 'pong', room_id: 'global' });
  });

  test('a message that is too large, which closes the connection with code 1009', async () => {
    const viewer = await open();
    viewer.send({ type: 'ping', more: 'x'.repeat(33 * 1024) });
    expect(await viewer.closed).toBe(1009);
    await isHere();
  });

  test('bytes that are no WebSocket frame', async () => {
    const { hostname, port } = new URL(platform.socketUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    const head = ['GET / HTTP/1.1', `Host: ${hostname}`, 'Connection: Upgrade', 'Upgrade: websocket'];
    const keys = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${Buffer.alloc(16, 'k').toString('base64')}`];
    socket.write(`${[...head, ...keys].join('\r\n')}\r\n\r\n`);
    socket.once('data', () => socket.write(Buffer.alloc(100, 0xff)));
    await new Promise((resolve) => socket.once('close', resolve).resume());
    await isHere();
  });
});
