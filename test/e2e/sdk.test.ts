import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Scope } from '../../lib/domain/access.ts';
import {
  createReactions,
  type Reactions,
  type ReactionsOptions,
  type State,
} from '../../packages/live-reactions/src/index.ts';
import { signToken } from '../../scripts/lib/token.ts';
import { nodePrograms } from '../support/children.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';

// The package live-reactions against a platform with AUTH_MODE=jwt, through proxies that can fail.

const AUTH_SECRET = 'sdk.test.ts signs with these 32 bytes';
const SDK = new URL('../../packages/live-reactions/src/index.ts', import.meta.url).href;
const dataDir = newDataDir();
const nodeProgram = nodePrograms();
const clients: Reactions[] = [];
let platform: Platform;
let http: TcpProxy;
let sockets: TcpProxy;

beforeAll(async () => {
  platform = await startPlatform(dataDir, { AUTH_MODE: 'jwt', AUTH_SECRET });
  http = await tcpProxy(Number(new URL(platform.url).port));
  sockets = await tcpProxy(Number(new URL(platform.socketUrl).port));
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const proxy of [http, sockets]) proxy.heal();
});
afterAll(async () => {
  await Promise.all([http?.close(), sockets?.close()]);
  await platform?.stop();
  removeDataDir(dataDir);
});

const tokenOf = (user: string, seconds = 600, scopes: Scope[] = ['tap', 'watch']): Promise<string> =>
  signToken({ AUTH_SECRET, AUTH_ISSUER: undefined, AUTH_AUDIENCE: undefined }, { user, scopes, rooms: ['*'], seconds });

const addresses = () => ({
  url: `http://127.0.0.1:${http.port}`,
  socketUrl: `ws://127.0.0.1:${sockets.port}`,
});
const open = (user: string, room: string, options: Partial<ReactionsOptions> = {}): Reactions => {
  const client = createReactions({ ...addresses(), room, token: () => tokenOf(user), WebSocket, ...options });
  clients.push(client);
  return client;
};
const isLiveBy = (client: Reactions, transport: State['transport']) =>
  until(`counts arrive by ${transport}`, () => client.current.state.transport === transport);
const live = async (user: string, room: string, transport: State['transport'] = 'socket', options = {}) => {
  const client = open(user, room, options);
  await isLiveBy(client, transport);
  return client;
};
const tapTimes = (client: Reactions, count: number, emoji = '🔥') => {
  for (let n = 0; n < count; n++) client.tap(emoji);
};
const isConfirmed = (client: Reactions) =>
  until('all taps are confirmed', () => client.current.state.pending === 0, 120_000);

/** The total as the platform counts it. */
const counted = async (room: string, emoji = '🔥'): Promise<number> => {
  const answer = await fetch(`${platform.url}/live?room_id=${room}`, {
    headers: { authorization: `Bearer ${await tokenOf('admin', 600, ['admin'])}` },
  });
  const { totals } = (await answer.json()) as { totals: { emoji_type: string; raw_count: number }[] };
  return totals.find(({ emoji_type }) => emoji_type === emoji)?.raw_count ?? 0;
};
/** Taps once more: when that tap is counted, every earlier one is too, and no copy of it. */
const expectCounted = async (client: Reactions, room: string, expected: number) => {
  await isConfirmed(client);
  client.tap('🔥');
  await until(`${expected + 1} taps are counted`, async () => (await counted(room)) >= expected + 1);
  expect(await counted(room)).toBe(expected + 1);
};

test('clients by WebSocket and by polling see the same totals, which are the taps of all', async () => {
  const room = 'sdk-equal';
  const all = [
    await live('equal-1', room),
    await live('equal-2', room),
    await live('equal-3', room, 'polling', { socketUrl: false }),
  ];
  all.forEach((client, n) => {
    tapTimes(client, 5 + n);
    tapTimes(client, 2, '❤');
  });
  const sum = { '🔥': 18, '❤️': 6 };
  await until('every client has the sums', () =>
    all.every(
      ({ current }) =>
        JSON.stringify(Object.entries(current.totals).sort()) === JSON.stringify(Object.entries(sum).sort()),
    ),
  );
  expect([await counted(room), await counted(room, '❤️')]).toEqual([18, 6]);
  for (const { current } of all)
    expect(current.counts.windows.reduce((taps, { counts }) => taps + (counts['🔥'] ?? 0), 0)).toBe(18);
});

test('without an address for WebSockets, the one that GET /live names is used', async () => {
  const client = await live('discovers', 'sdk-discovers', 'socket', { socketUrl: undefined });
  tapTimes(client, 2);
  await expectCounted(client, 'sdk-discovers', 2);
});

test('a changed room is shown over the same connection', async () => {
  const [one, other] = [await live('rooms-1', 'sdk-one'), await live('rooms-2', 'sdk-other')];
  tapTimes(one, 3);
  await expectCounted(one, 'sdk-one', 3);
  other.setRoom('sdk-one');
  await until('the other client shows the room', () => other.current.totals['🔥'] === 4);
  expect(other.current.counts.room).toBe('sdk-one');
});

describe('the network', () => {
  test('taps made while everything is refused show at once and arrive once', async () => {
    const client = await live('offline', 'sdk-offline');
    for (const proxy of [http, sockets]) proxy.refuse();
    await until('the client knows', () => client.current.state.transport === undefined);
    tapTimes(client, 30);
    expect(client.current.totals['🔥']).toBe(30);
    await until('an attempt has failed', () => client.current.state.reason === 'http-failed');
    expect(client.current.state).toMatchObject({ status: 'retrying', pending: 30 });
    for (const proxy of [http, sockets]) proxy.heal();
    await expectCounted(client, 'sdk-offline', 30);
    await isLiveBy(client, 'socket');
    await until('the shown total is the true one', () => client.current.totals['🔥'] === 31);
  });

  test('taps whose answers are lost are sent again and arrive once', async () => {
    const client = await live('lost', 'sdk-lost');
    tapTimes(client, 7);
    // The socket's message is held back, and so arrives after its copy.
    sockets.swallow();
    await isConfirmed(client);
    sockets.heal();
    await expectCounted(client, 'sdk-lost', 7);
  });

  test('a socket that hangs is replaced; meanwhile counts are polled', async () => {
    const client = await live('hangs', 'sdk-hangs');
    sockets.swallow();
    client.tap('🔥');
    await until('the client knows', () => client.current.state.reason === 'socket-silent');
    await isLiveBy(client, 'polling');
    await until('the tap is counted', async () => (await counted('sdk-hangs')) === 1);
    sockets.heal();
    await isLiveBy(client, 'socket');
  });

  test('without WebSockets counts are polled, until there are some', async () => {
    sockets.refuse();
    const client = await live('polls', 'sdk-polls', 'polling');
    expect(client.current.state).toMatchObject({ status: 'live', reason: 'socket-failed' });
    tapTimes(client, 4);
    await expectCounted(client, 'sdk-polls', 4);
    await until('a poll has the total', () => client.current.totals['🔥'] === 5 && !client.current.counts.own);
    sockets.heal();
    await isLiveBy(client, 'socket');
  });
});

test('a server that is killed and started again: taps made meanwhile arrive once, and counts come again', async () => {
  const client = await live('restart', 'sdk-restart');
  tapTimes(client, 3);
  await isConfirmed(client);
  const pid = await platform.pid('functions');
  process.kill(pid, 'SIGKILL');
  await until('the client knows', () => client.current.state.transport === undefined);
  tapTimes(client, 4);
  await until('the functions are started again', async () => (await platform.pid('functions')) !== pid);
  await expectCounted(client, 'sdk-restart', 7);
  await isLiveBy(client, 'socket');
  await until('the shown total is the true one', () => client.current.totals['🔥'] === 8);
});

describe('tokens', () => {
  test('are replaced before they end, and no tap is lost', async () => {
    let issued = 0;
    const token = () => {
      issued++;
      return tokenOf('renews', 6);
    };
    const client = await live('renews', 'sdk-renews', 'socket', { token });
    const seen = new Set<string>();
    client.on('state', ({ status }) => seen.add(status));
    let taps = 0;
    await until('the third token is in use', () => {
      if (taps < 100) client.tap('🔥');
      taps = Math.min(100, taps + 1);
      return issued >= 3 && client.current.state.transport === 'socket' && taps === 100;
    });
    expect(seen).not.toContain('refused');
    await expectCounted(client, 'sdk-renews', 100);
  });

  test('a text that has ended is refused, with the reason', async () => {
    const client = open('ended', 'sdk-ended', { token: await tokenOf('ended', -60) });
    await until('the token is refused', () => client.current.state.status === 'refused');
    expect(client.current.state).toMatchObject({ reason: 'unauthorized', nextTry: undefined, transport: undefined });
    client.tap('🔥');
    await until('the tap is given up', () => client.current.state.dropped?.status === 401);
    expect(client.current.totals).toEqual({});
  });
});

test.each([3, -3])('taps from a device whose clock is %d hours off count, in a window of now', async (hours) => {
  const room = `sdk-clock${hours}`;
  const options = { ...addresses(), room, token: await tokenOf(room) };
  const { line } = await nodeProgram(`
    import { WebSocket } from 'ws';
    const { now } = Date;
    globalThis.Date = class extends Date {
      constructor(...args) { super(...(args.length > 0 ? args : [Date.now()])); }
      static now() { return now() + ${hours} * 3_600_000; }
    };
    const { createReactions } = await import(${JSON.stringify(SDK)});
    const client = createReactions({ ...${JSON.stringify(options)}, WebSocket });
    const isReady = () => client.current.state.transport === 'socket';
    client.on('state', ({ pending }) => {
      if (isReady() && pending === 0 && client.current.totals['🔥'] === undefined) for (let n = 0; n < 5; n++) client.tap('🔥');
    });
    client.on('counts', ({ own, windows }) => {
      const taps = windows.reduce((sum, { counts }) => sum + (counts['🔥'] ?? 0), 0);
      if (!own && taps === 5) console.log(JSON.stringify(windows.map(({ start }) => start)));
    });
  `);
  for (const start of JSON.parse(line) as number[]) expect(Math.abs(start - Date.now())).toBeLessThan(60_000);
  expect(await counted(room)).toBe(5);
});
