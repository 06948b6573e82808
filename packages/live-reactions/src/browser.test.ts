import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createReactions, type Reactions, type ReactionsOptions } from './index.ts';
import { createFakeServer, type FakeServer } from './testing.ts';

// What only browsers have: events of the network and the page, and a storage.

const page = { events: new EventTarget(), document: new EventTarget() as EventTarget & { visibilityState: string } };
const stored = new Map<string, string>();
let server: FakeServer;
let client: Reactions | undefined;
let isStorageAllowed = true;
let onLine = true;

beforeEach(() => {
  jest.useFakeTimers();
  server = createFakeServer();
  stored.clear();
  [isStorageAllowed, onLine, page.document.visibilityState] = [true, true, 'visible'];
  const values = {
    addEventListener: page.events.addEventListener.bind(page.events),
    removeEventListener: page.events.removeEventListener.bind(page.events),
    document: page.document,
    location: {},
  };
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { get: () => ({ onLine }), configurable: true });
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() {
      if (!isStorageAllowed) throw new Error('SecurityError');
      return { getItem: (key: string) => stored.get(key) ?? null, setItem: (k: string, v: string) => stored.set(k, v) };
    },
  });
});
afterEach(() => {
  client?.close();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const open = async (options: Partial<ReactionsOptions> = {}) => {
  client = createReactions({ ...server.options, room: 'global', ...options });
  await pass(0);
  return client;
};
const setOnline = (isOnline: boolean) => {
  onLine = isOnline;
  server.setReachable(isOnline);
  page.events.dispatchEvent(new Event(isOnline ? 'online' : 'offline'));
};
const setVisible = (isVisible: boolean) => {
  page.document.visibilityState = isVisible ? 'visible' : 'hidden';
  page.document.dispatchEvent(new Event('visibilitychange'));
};
const calls = (name: string) => server.calls.filter((call) => call === name).length;

test('taps made offline are sent at once when the browser is online again, and the connection is back at once', async () => {
  const reactions = await open();
  setOnline(false);
  await pass(60_000 - 25_000);
  reactions.tap('🔥');
  await pass(20_000);
  expect(reactions.current.state).toMatchObject({ status: 'offline', reason: 'offline', pending: 1 });
  setOnline(true);
  await pass(0);
  expect(reactions.current.state).toMatchObject({ status: 'live', transport: 'socket', pending: 0 });
  expect(server.total('🔥')).toBe(1);
});

test('a browser that says it is offline, but reaches the server, is live', async () => {
  onLine = false;
  expect((await open()).current.state).toMatchObject({ status: 'live', transport: 'socket' });
});

test('what has no answer when the page ends is sent in a way that outlives it', async () => {
  const { fetch } = server.options;
  const kept: boolean[] = [];
  const reactions = await open({ fetch: (input, init) => (kept.push(init?.keepalive ?? false), fetch(input, init)) });
  for (let n = 0; n < 15; n++) reactions.tap('🔥');
  for (let n = 0; n < 4; n++) reactions.tap('❤️');
  page.events.dispatchEvent(new Event('pagehide'));
  await pass(0);
  expect([server.total('🔥'), server.total('❤️'), kept]).toEqual([15, 4, [true]]);
});

test('when the page becomes visible, a connection that died meanwhile is replaced within seconds', async () => {
  const reactions = await open();
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
  setVisible(false);
  server.setHanging(true);
  setVisible(true);
  await pass(5100);
  expect(reactions.current.state.reason).toBe('socket-silent');
  server.setHanging(false);
  await pass(500);
  expect(reactions.current.state.transport).toBe('socket');
  random.mockRestore();
});

test('a hidden page does not poll, and polls at once when it is visible again', async () => {
  const reactions = await open({ socketUrl: false });
  setVisible(false);
  await pass(10_000);
  const before = calls('GET /live');
  server.crowd('🔥', 5);
  await pass(600_000);
  expect(calls('GET /live')).toBe(before);
  setVisible(true);
  await pass(0);
  expect(reactions.current.totals).toEqual({ '🔥': 5 });
});

test('a poll across origins sends no header that needs permission; the browser itself revalidates', async () => {
  const { fetch } = server.options;
  const names = new Set<string>();
  const spying: typeof fetch = (input, init) => {
    new Headers(init?.headers).forEach((_value, name) => names.add(name));
    return fetch(input, init);
  };
  await open({ socketUrl: false, fetch: spying });
  await pass(10_000);
  expect([...names]).toEqual([]);
});

test('an anonymous user keeps the id in later visits', async () => {
  for (let visit = 0; visit < 2; visit++) {
    const reactions = await open();
    reactions.tap('🔥');
    await pass(1000);
    reactions.close();
  }
  expect(new Set(server.taps.map(({ user_id }) => user_id)).size).toBe(1);
  expect(server.taps).toHaveLength(2);
});

test('without permission to store it, the id lasts as long as the client', async () => {
  isStorageAllowed = false;
  const reactions = await open();
  for (let n = 0; n < 2; n++) {
    reactions.tap('🔥');
    await pass(1000);
  }
  expect(new Set(server.taps.map(({ user_id }) => user_id)).size).toBe(1);
});

test('a closed client listens to nothing', async () => {
  const reactions = await open();
  reactions.close();
  await pass(0);
  const before = server.calls.length;
  setOnline(true);
  setVisible(true);
  page.events.dispatchEvent(new Event('pagehide'));
  await pass(60_000);
  expect(server.calls).toHaveLength(before);
});
