import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createReactions, type Reactions, type ReactionsOptions, type State } from './index.ts';
import { createFakeServer, type FakeServer } from './testing.ts';

let server: FakeServer;
const clients: Reactions[] = [];

beforeEach(() => {
  jest.useFakeTimers({ now: Date.UTC(2026, 4, 1, 20, 45) });
  server = createFakeServer({ room: 'final' });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const open = (options: Partial<ReactionsOptions> = {}): Reactions => {
  const client = createReactions({ ...server.options, room: 'final', ...options });
  clients.push(client);
  return client;
};
const opened = async (options?: Partial<ReactionsOptions>) => {
  const client = open(options);
  await pass(0);
  return client;
};
const tapTimes = (client: Reactions, count: number, emoji = '🔥') => {
  for (let n = 0; n < count; n++) client.tap(emoji);
};
const countOf = (taps: FakeServer['taps']) => taps.reduce((sum, { count }) => sum + count, 0);

describe('taps', () => {
  test('a tap shows at once and is counted once', async () => {
    const client = await opened();
    server.crowd('🔥', 1000);
    server.publish();
    await pass(0);
    client.tap('🔥');
    expect(client.current.totals).toEqual({ '🔥': 1001 });
    expect(client.current.counts).toMatchObject({ added: { '🔥': 1 }, own: true });
    expect(client.current.state.pending).toBe(1);
    await pass(2000);
    expect([server.total('🔥'), client.current.totals['🔥'], client.current.state.pending]).toEqual([1001, 1001, 0]);
  });

  test('taps within 250 ms are one message, of at most 20 taps', async () => {
    const client = await opened();
    tapTimes(client, 3);
    tapTimes(client, 2, '❤️');
    await pass(249);
    expect(server.calls).not.toContain('socket tap');
    await pass(1);
    expect(server.taps.map(({ emoji_type, count }) => [emoji_type, count])).toEqual([
      ['🔥', 3],
      ['❤️', 2],
    ]);
    expect(server.calls.filter((call) => call === 'socket tap')).toHaveLength(1);
    tapTimes(client, 45);
    await pass(0);
    expect(server.taps.slice(2).map(({ count }) => count)).toEqual([20, 20]);
    await pass(250);
    expect(countOf(server.taps)).toBe(50);
  });

  test('the shown total never exceeds the true one while others tap too', async () => {
    const client = await opened();
    server.crowd('🔥', 100);
    server.publish();
    await pass(0);
    tapTimes(client, 5);
    const shown: number[] = [];
    client.on('totals', (totals) => shown.push(totals['🔥'] ?? 0));
    for (let n = 0; n < 4; n++) {
      server.crowd('🔥', 3);
      await pass(1000);
      expect(shown.at(-1)).toBeLessThanOrEqual(server.total('🔥'));
    }
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    expect(shown.at(-1)).toBe(117);
  });

  test('own taps are animated once: not again when the server has counted them', async () => {
    const client = await opened();
    server.crowd('🔥', 1);
    server.publish();
    await pass(0);
    let added = 0;
    client.on('counts', (counts) => (added += counts.added['🔥'] ?? 0));
    tapTimes(client, 4);
    server.crowd('🔥', 10);
    await pass(3000);
    expect(added).toBe(14);
  });

  test('a timestamp has no zone, so that a wrong clock makes no tap late', async () => {
    const client = await opened();
    jest.setSystemTime(Date.UTC(2031, 0));
    client.tap('🔥');
    await pass(250);
    expect(server.taps[0]?.timestamp).toBe('2031-01-01T00:00:00.000');
  });

  test('❤ is shown and sent as ❤️, as the server counts it', async () => {
    const client = await opened();
    client.tap('❤');
    expect(client.current.totals).toEqual({ '❤️': 1 });
    await pass(250);
    expect(server.taps[0]?.emoji_type).toBe('❤️');
  });

  test.each([[undefined], [null], [7], ['']])('tap(%p) does nothing and never throws', async (emoji) => {
    const client = await opened();
    client.tap(emoji as string);
    await pass(500);
    expect([client.current.totals, server.taps]).toEqual([{}, []]);
  });

  test('a rejected tap is no longer shown, and the others of its message are counted', async () => {
    const client = await opened();
    server.refuseTaps({ status: 400, error: 'Invalid emoji data', emoji: 'x' });
    tapTimes(client, 2);
    client.tap('x');
    await pass(2000);
    expect(client.current.totals).toEqual({ '🔥': 2 });
    expect(client.current.state.dropped).toEqual({ emoji: 'x', count: 1, status: 400, message: 'Invalid emoji data' });
    expect(server.total('🔥')).toBe(2);
  });

  test('an accepted tap that the server does not count is no longer shown after 10 s', async () => {
    const client = await opened();
    client.tap('🔥');
    server.send({ type: 'ack', id: 1, status: 200 });
    server.refuseTaps({ status: 200 });
    await pass(9000);
    expect(client.current.totals).toEqual({ '🔥': 1 });
    await pass(2000);
    expect(client.current.totals).toEqual({});
  });

  test('an anonymous user has one id, and copies of a tap the same event_id', async () => {
    const client = await opened();
    server.refuseTaps({ status: 503 });
    client.tap('🔥');
    await pass(5000);
    server.refuseTaps(undefined);
    client.tap('🔥');
    await pass(15_000);
    expect(countOf(server.taps)).toBe(2);
    expect(new Set(server.taps.map(({ user_id }) => user_id)).size).toBe(1);
    expect(new Set(server.taps.map(({ event_id }) => event_id)).size).toBe(2);
    for (const { user_id, event_id } of server.taps)
      for (const id of [user_id, event_id]) expect(id).toMatch(/^[\w-]{8,64}$/);
  });
});

describe('retries', () => {
  test('a tap without an answer is sent again and counted once', async () => {
    const client = await opened({ socketUrl: false });
    client.tap('🔥');
    server.refuseTaps({ status: 0 });
    await pass(1000);
    expect(client.current.state.pending).toBe(1);
    server.refuseTaps(undefined);
    await pass(20_000);
    expect([server.total('🔥'), client.current.state.pending]).toEqual([1, 0]);
  });

  test.each([
    [503, 'overloaded'],
    [429, 'rate-limited'],
    [0, 'http-failed'],
  ])('the state says why taps wait: %d', async (status, reason) => {
    const client = await opened(status === 0 ? { socketUrl: false } : {});
    const seen: unknown[] = [];
    client.on('state', ({ pendingReason }) => pendingReason !== seen.at(-1) && seen.push(pendingReason));
    server.refuseTaps({ status });
    client.tap('🔥');
    await pass(1000);
    expect(client.current.state).toMatchObject({ status: 'live', pending: 1, pendingReason: reason });
    server.refuseTaps(undefined);
    await pass(20_000);
    expect(client.current.state).toMatchObject({ pending: 0, pendingReason: undefined });
    expect(seen).toEqual([reason, undefined]);
  });

  test('429 and 503 are retried after Retry-After', async () => {
    const client = await opened();
    server.refuseTaps({ status: 429, retryAfter: 7 });
    client.tap('🔥');
    await pass(250);
    const sent = () => server.calls.filter((call) => call === 'socket tap').length;
    expect(sent()).toBe(1);
    server.refuseTaps(undefined);
    await pass(6900);
    expect(sent()).toBe(1);
    await pass(1000);
    expect([sent(), server.total('🔥')]).toEqual([2, 1]);
  });

  test('delays have full jitter and grow', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(1);
    try {
      const client = await opened({ socketUrl: false });
      server.refuseTaps({ status: 503 });
      client.tap('🔥');
      await pass(250);
      const posts = () => server.calls.filter((call) => call === 'POST /emoji').length;
      const at: number[] = [];
      const began = Date.now();
      for (let known = 0; Date.now() - began < 30_000; await pass(100))
        for (; known < posts(); known++) at.push(Math.round((Date.now() - began) / 500) / 2);
      expect(at).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 25.5]);
    } finally {
      random.mockRestore();
    }
  });

  test('taps that were made offline are sent when the server can be reached again, at most 20 in a request', async () => {
    const client = await opened();
    server.setReachable(false);
    await pass(100);
    for (let n = 0; n < 10; n++) {
      tapTimes(client, 7);
      await pass(1000);
    }
    expect(client.current.state.pending).toBe(70);
    expect(client.current.totals).toEqual({ '🔥': 70 });
    server.setReachable(true);
    await pass(60_000);
    expect([countOf(server.taps), server.total('🔥'), client.current.totals['🔥']]).toEqual([70, 70, 70]);
    expect(client.current.state.pending).toBe(0);
  });

  test('taps are given up after keepMs, and no longer shown', async () => {
    const client = await opened({ keepMs: 20_000 });
    server.setReachable(false);
    client.tap('🔥');
    await pass(40_000);
    expect(client.current.totals).toEqual({});
    expect(client.current.state).toMatchObject({ pending: 0, dropped: { emoji: '🔥', count: 1, status: undefined } });
    server.setReachable(true);
    await pass(60_000);
    expect(server.taps).toEqual([]);
  });

  test('a tap over a socket that ends before the answer is sent by HTTP with the same event_id', async () => {
    const client = await opened();
    client.tap('🔥');
    await pass(249);
    server.setHanging(true);
    await pass(100);
    server.setHanging(false);
    server.setSockets(false);
    await pass(5000);
    expect(server.calls).toContain('POST /emoji');
    expect([server.total('🔥'), client.current.state.pending]).toEqual([1, 0]);
  });
});

describe('connection', () => {
  test('states of a good start: connecting, then live over the WebSocket', async () => {
    const client = open();
    const states: State['status'][] = [client.current.state.status];
    client.on('state', ({ status }) => states.push(status));
    await pass(0);
    expect(states).toEqual(['connecting', 'live']);
    expect(client.current.state).toMatchObject({ transport: 'socket', reason: undefined, nextTry: undefined });
  });

  test('without sockets counts are polled; the state says why, and when the WebSocket is tried again', async () => {
    server.setSockets(false);
    server.crowd('🔥', 7);
    const client = await opened();
    expect(client.current.totals).toEqual({ '🔥': 7 });
    const { state } = client.current;
    expect(state).toMatchObject({ status: 'live', transport: 'polling', reason: 'socket-failed' });
    expect((state.nextTry ?? 0) - Date.now()).toBeGreaterThan(0);
    server.crowd('🔥', 1);
    await pass(2500);
    expect(client.current.totals).toEqual({ '🔥': 8 });
    client.tap('🔥');
    await pass(5000);
    expect([server.total('🔥'), client.current.totals['🔥']]).toEqual([9, 9]);
    server.setSockets(true);
    await pass(60_000);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'socket' });
    const polls = server.calls.filter((call) => call === 'GET /live').length;
    await pass(60_000);
    expect(server.calls.filter((call) => call === 'GET /live')).toHaveLength(polls);
  });

  test.each<[string, Partial<ReactionsOptions>, string]>([
    ['socketUrl: false', { socketUrl: false }, 'socket-disabled'],
    ['no socketUrl, and none from the server', { socketUrl: undefined }, 'socket-unknown'],
    ['no WebSocket class', { WebSocket: undefined }, 'socket-missing'],
    ['an invalid address', { socketUrl: 'nonsense' }, 'socket-failed'],
  ])('%s: counts are polled', async (_what, options, reason) => {
    const client = await opened(options);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'polling', reason });
  });

  test('without socketUrl, the client connects to the address that GET /live names', async () => {
    const { fetch, socketUrl } = server.options;
    const naming: typeof fetch = async (...args) => {
      const answer = await fetch(...args);
      const body = (await answer.json()) as object;
      return Response.json({ ...body, socket_url: socketUrl });
    };
    const client = await opened({ socketUrl: undefined, fetch: naming });
    expect(client.current.state.transport).toBe('socket');
    await pass(20_000);
    expect(server.calls.filter((call) => call === 'GET /live')).toHaveLength(1);
  });

  test('unchanged counts are answered 304 to a poll', async () => {
    server.crowd('🔥', 1);
    const client = await opened({ socketUrl: false });
    const frames = jest.fn();
    client.on('counts', frames);
    await pass(20_000);
    expect(frames).not.toHaveBeenCalled();
    server.crowd('🔥', 1);
    await pass(3000);
    expect(frames).toHaveBeenCalledTimes(1);
  });

  test('after a restart of the server the client connects again, and missed counts are there', async () => {
    const client = await opened();
    server.setReachable(false);
    await pass(3000);
    expect(client.current.state).toMatchObject({ status: 'retrying', transport: undefined });
    expect(client.current.state.nextTry).toBeGreaterThan(Date.now() - 1);
    server.crowd('🔥', 50);
    server.setReachable(true);
    await pass(60_000);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'socket' });
    expect(client.current.totals).toEqual({ '🔥': 50 });
  });

  test('clients that are cut together do not come back together', async () => {
    const random = [0.1, 0.5, 0.9];
    const spy = jest.spyOn(Math, 'random').mockImplementation(() => random.shift() ?? 0.5);
    try {
      for (let n = 0; n < 3; n++) await opened();
      server.cut();
      const back: number[] = [];
      for (let ms = 0; ms < 1000; ms += 100) {
        back.push(server.connections);
        await pass(100);
      }
      expect(back).toEqual([0, 1, 1, 1, 1, 2, 2, 2, 2, 3]);
    } finally {
      spy.mockRestore();
    }
  });

  test('a connection that hangs is replaced, because the ping gets no answer', async () => {
    const client = await opened();
    server.setHanging(true);
    await pass(240_000 + 4900);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'socket' });
    await pass(200);
    expect(client.current.state).toMatchObject({ reason: 'socket-silent' });
    server.setHanging(false);
    await pass(30_000);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'socket' });
    expect(server.connections).toBe(1);
  });

  test('a tap on a connection that hangs is sent by HTTP, and the connection is replaced within 10 s', async () => {
    const client = await opened();
    server.setHanging(true);
    client.tap('🔥');
    await pass(10_500);
    expect(server.total('🔥')).toBe(1);
    expect(client.current.state.reason).toBe('socket-silent');
  });

  test('a quiet connection is pinged every 4 minutes', async () => {
    await opened();
    await pass(30 * 60_000);
    expect(server.calls.filter((call) => call === 'socket ping')).toHaveLength(7);
    expect(server.calls.filter((call) => call === 'socket open')).toHaveLength(1);
  });

  test('a connection that the server has forgotten asks for its room again', async () => {
    await opened();
    server.send({ type: 'error', of: 'ping', status: 404, error: 'unknown' });
    await pass(0);
    expect(server.calls.filter((call) => call === 'socket room')).toHaveLength(2);
  });
});

describe('frames', () => {
  const frame = (counts: number, totals: number, fields: object = {}) => ({
    ...{ v: 1, type: 'counts', room_id: 'final', window_ms: 2000, aggregation_ratio: 10, at: '2026-05-01T20:45:01Z' },
    windows: [{ start: '2026-05-01T20:45:00.000Z', counts: { '🔥': counts } }],
    totals: { '🔥': totals },
    ...fields,
  });

  test('repeated, late and lost frames leave the largest counts', async () => {
    const client = await opened();
    for (const [count, total] of [
      [30, 130],
      [10, 110],
      [30, 130],
      [25, 125],
    ] as const) {
      server.send(frame(count, total));
      await pass(0);
      expect(client.current.totals).toEqual({ '🔥': 130 });
      expect(client.current.counts.windows).toEqual([
        { start: Date.UTC(2026, 4, 1, 20, 45), final: false, counts: { '🔥': 30 } },
      ]);
    }
    expect(client.current.counts).toMatchObject({ room: 'final', windowMs: 2000, ratio: 10, added: {} });
  });

  test('final stays final, and windows are in order', async () => {
    const client = await opened();
    const window = (start: string, final?: true) => ({
      start: `2026-05-01T20:45:${start}Z`,
      final,
      counts: { '🔥': 1 },
    });
    server.send(frame(1, 1, { windows: [window('04'), window('02', true)] }));
    server.send(frame(1, 1, { windows: [window('02')] }));
    await pass(0);
    expect(client.current.counts.windows.map(({ start, final }) => [start % 60_000, final])).toEqual([
      [2000, true],
      [4000, false],
    ]);
  });

  test('what is old is not animated: after a gap only the newest two windows', async () => {
    const client = await opened();
    server.send(frame(5, 1_000_000));
    await pass(0);
    expect(client.current.counts.added).toEqual({ '🔥': 5 });
    server.send(frame(7, 2_000_000, { windows: [{ start: '2026-05-01T20:55:00.000Z', counts: { '🔥': 7 } }] }));
    await pass(0);
    expect(client.current.counts.added).toEqual({ '🔥': 7 });
  });

  test.each([
    ['not JSON', undefined],
    ['another room', frame(1, 1, { room_id: 'semi' })],
    ['an unknown type', { type: 'news' }],
    ['null', null],
    ['a list', []],
    ['counts that are no numbers', frame(1, 1, { windows: [], totals: { '🔥': 'many', '❤️': null } })],
    ['no windows', { type: 'counts', room_id: 'final', window_ms: 2000, totals: {} }],
    ['dangerous names', frame(1, 1, { windows: [], totals: JSON.parse('{"__proto__": {"x": 1}}') as object })],
  ])('%s: ignored', async (_what, message) => {
    const client = await opened();
    server.send(message);
    await pass(0);
    expect(client.current.totals).toEqual({});
    expect(({} as { x?: number }).x).toBeUndefined();
    server.send(frame(1, 1));
    await pass(0);
    expect(client.current.totals).toEqual({ '🔥': 1 });
  });

  test('windows are kept for two minutes', async () => {
    const client = await opened();
    for (let n = 0; n < 100; n++) {
      const start = new Date(Date.UTC(2026, 4, 1, 20, 45) + n * 2000).toISOString();
      server.send(frame(1, n, { windows: [{ start, counts: { '🔥': 1 } }] }));
    }
    await pass(0);
    expect(client.current.counts.windows).toHaveLength(61);
  });
});

describe('rooms', () => {
  test('another room is shown over the same connection, and taps stay in their room', async () => {
    server.crowd('❤️', 9, 'semi');
    const client = await opened();
    client.tap('🔥');
    client.setRoom('semi');
    expect(client.current).toMatchObject({ totals: {}, counts: { room: 'semi', windows: [] } });
    await pass(0);
    expect(client.current.totals).toEqual({ '❤️': 9 });
    client.tap('❤️');
    await pass(2000);
    expect([server.total('🔥', 'final'), server.total('❤️', 'semi')]).toEqual([1, 10]);
    expect(server.calls.filter((call) => call === 'socket open')).toHaveLength(1);
  });

  test('the last of several rooms is shown, with one question at a time', async () => {
    server.crowd('🔥', 3, 'c');
    const client = await opened();
    for (const room of ['a', 'b', 'c']) client.setRoom(room);
    await pass(10);
    expect(client.current.totals).toEqual({ '🔥': 3 });
    expect(server.calls.filter((call) => call === 'socket room')).toHaveLength(3);
  });

  test('while polling, another room is asked for at once', async () => {
    server.crowd('🔥', 3, 'semi');
    const client = await opened({ socketUrl: false });
    client.setRoom('semi');
    await pass(0);
    expect(client.current.totals).toEqual({ '🔥': 3 });
  });
});

describe('tokens', () => {
  const jwt = (claims: object) => `h.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.s`;
  const seconds = (ms: number) => Math.floor(ms / 1000);
  /** Tokens that end after a minute, by the server's clock. */
  const issuer = (serverNow: () => number) => {
    let issued = 0;
    const ends = new Map<string, number>();
    server.setTokenCheck((token) => (ends.get(token ?? '') ?? 0) > serverNow());
    return {
      issued: () => issued,
      issue: async () => {
        issued++;
        const exp = seconds(serverNow()) + 120;
        const token = jwt({ sub: 'u1', exp, n: issued });
        ends.set(token, exp * 1000);
        return token;
      },
    };
  };

  test('a function is asked again before its token ends, and no tap is rejected', async () => {
    const { issue, issued } = issuer(Date.now);
    const client = await opened({ token: issue });
    const seen: State[] = [];
    client.on('state', (state) => seen.push(state));
    for (let n = 0; n < 60; n++) {
      client.tap('🔥');
      await pass(10_000);
    }
    expect(server.total('🔥')).toBe(60);
    expect(issued()).toBeGreaterThan(4);
    expect(issued()).toBeLessThan(20);
    expect(seen.filter(({ status }) => status === 'refused')).toEqual([]);
    expect(server.taps.every(({ user_id }) => user_id === 'u1')).toBe(true);
  });

  test.each([
    ['three hours fast', 3],
    ['three hours slow', -3],
  ])('with a clock that is %s tokens are renewed as with a right one', async (_what, hours) => {
    const clock = () => Date.now() - hours * 3_600_000;
    server = createFakeServer({ room: 'final', clock });
    const { issue, issued } = issuer(clock);
    const client = await opened({ token: issue });
    for (let n = 0; n < 60; n++) {
      client.tap('🔥');
      await pass(10_000);
    }
    expect(server.total('🔥')).toBe(60);
    expect(issued()).toBeLessThan(30);
  });

  test('while polling, a rejected token is replaced', async () => {
    const { issue, issued } = issuer(Date.now);
    const client = await opened({ token: issue, socketUrl: false });
    await pass(10 * 60_000);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'polling' });
    expect(issued()).toBeLessThan(20);
  });

  test('a text that has ended is refused, and not tried again', async () => {
    server.setTokenCheck((token) => token === 'good');
    const client = await opened({ token: 'bad' });
    expect(client.current.state).toMatchObject({ status: 'refused', reason: 'unauthorized', nextTry: undefined });
    const calls = server.calls.length;
    await pass(10 * 60_000);
    expect(server.calls).toHaveLength(calls);
    client.tap('🔥');
    await pass(1000);
    expect(client.current.state.dropped).toMatchObject({ status: 401 });
  });

  test('a token function that throws is asked again later', async () => {
    let works = false;
    const token = () => {
      if (!works) throw new Error('no network');
      return 'good';
    };
    const client = await opened({ token });
    expect(client.current.state).toMatchObject({ status: 'retrying', reason: 'token-failed' });
    client.tap('🔥');
    await pass(5000);
    works = true;
    await pass(60_000);
    expect(client.current.state).toMatchObject({ status: 'live', transport: 'socket', pending: 0 });
    expect(server.total('🔥')).toBe(1);
  });

  test('a room that the token does not allow is refused until another room is chosen', async () => {
    const client = await opened();
    server.send({ type: 'error', of: 'room', status: 403, error: 'The token does not allow this' });
    await pass(0);
    expect(client.current.state).toMatchObject({ status: 'refused', reason: 'forbidden' });
    client.setRoom('semi');
    await pass(0);
    expect(client.current.state.status).toBe('live');
  });
});

describe('end', () => {
  test('close sends what was tapped, then nothing more', async () => {
    const client = await opened();
    tapTimes(client, 3);
    client.close();
    await pass(0);
    expect(countOf(server.taps)).toBe(3);
    expect([client.current.state.status, server.connections]).toEqual(['closed', 0]);
    const calls = server.calls.length;
    client.tap('🔥');
    client.setRoom('semi');
    client.close();
    await pass(600_000);
    expect(server.calls).toHaveLength(calls);
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([['before'], ['after']])('a signal that is aborted %s the start closes the client', async (when) => {
    const abort = new AbortController();
    if (when === 'before') abort.abort();
    const client = await opened({ signal: abort.signal });
    abort.abort();
    await pass(100);
    expect([client.current.state.status, server.connections]).toEqual(['closed', 0]);
  });

  test('a removed listener is not called, and an error of a listener stops nothing', async () => {
    const client = await opened();
    const listener = jest.fn();
    client.on('totals', () => {
      throw new Error('of the page');
    });
    const stop = client.on('totals', listener);
    client.tap('🔥');
    stop();
    expect(() => jest.advanceTimersByTime(0)).toThrow('of the page');
    expect(listener).toHaveBeenCalledTimes(1);
    expect(client.current.totals).toEqual({ '🔥': 1 });
  });
});
