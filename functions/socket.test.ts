import { beforeEach, describe, expect, test } from '@jest/globals';
import { groupByBucket } from '../lib/domain/counting.ts';
import { REACTION_TOPIC } from '../lib/config/topics.ts';
import type { ServerMessage } from '../lib/domain/socket-message.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Authenticator } from '../lib/ports.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { openAuthenticator, unauthorized } from '../lib/usecases/authorization.ts';
import { createViewers } from '../lib/usecases/viewers.ts';
import { MemoryCountStore } from '../test/doubles/count-store.ts';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { bearerOf, RecordedLog, recordedLogger, unlimited } from '../test/support/doubles.ts';
import { socketEvent } from '../test/support/events.ts';
import { createHandler as createConnect } from './socket-connect.ts';
import { createHandler as createDisconnect } from './socket-disconnect.ts';
import { createHandler as createMessage } from './socket-message.ts';

const NOW = Date.parse('2026-05-01T20:45:00.500Z');
const WINDOW = { windowMs: 2000, watermarkMs: 10_000 };
const ID = 'L0SM9cOFvHcCIhw=';
const tap = { user_id: 'u1', emoji_type: '🔥', timestamp: '2026-05-01T20:45:00.123Z' };
const throws = (error: Error) => () => Promise.reject(error);

let now: number;
let records: RecordedLog;
let registry: MemoryRegistry;
let counts: MemoryCountStore;
let log: ReturnType<typeof recordedLogger>;
beforeEach(() => {
  now = NOW;
  records = new RecordedLog();
  registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 600 });
  counts = new MemoryCountStore(WINDOW);
  log = recordedLogger();
});

interface Guards {
  auth?: Authenticator;
  admission?: Admission;
  isOpen?: boolean;
}

const functions = ({
  auth = openAuthenticator,
  admission = unlimited,
  isOpen = auth === openAuthenticator,
}: Guards = {}) => {
  const clock = () => now;
  const settings = { windowMs: WINDOW.windowMs, ratio: 1000 };
  const viewers = createViewers({ registry, admission, counts, clock, settings, isOpen });
  const connect = createConnect({ auth, viewers, origins: ['https://a.example'], log });
  const message = createMessage({ viewers, records, admission, clock, shortCodes: [], log });
  return {
    connect: async (options: Parameters<typeof socketEvent>[1] = {}) => {
      const { statusCode, body } = await connect(socketEvent('CONNECT', options));
      return { status: statusCode, ...(body ? (JSON.parse(body) as object) : {}) };
    },
    send: async (body: unknown, options: Parameters<typeof socketEvent>[1] = {}) => {
      const result = await message(socketEvent('MESSAGE', { body, ...options }));
      expect(result.statusCode).toBe(200);
      return JSON.parse(result.body ?? 'null') as ServerMessage;
    },
    disconnect: createDisconnect({ viewers, log }),
  };
};

const clientsIn = async (room: string) =>
  (await registry.clients({ cluster: 0, subscriber: 0 }, [room])).get(room)?.map(({ id }) => id);

describe('$connect', () => {
  test('registers the connection in the room that it names, or in "global"', async () => {
    const { connect } = functions();
    expect(await connect({ query: { room_id: 'final' } })).toEqual({ status: 200 });
    expect(await connect({ connection: 'other=' })).toEqual({ status: 200 });
    expect([await clientsIn('final'), await clientsIn('global')]).toEqual([[ID], ['other=']]);
  });

  test.each([
    [400, 'an invalid room', { query: { room_id: 'two words' } }],
    [403, 'a web page of another origin', { headers: { Origin: 'https://evil.example' } }],
    [403, 'a web page without an origin of its own', { headers: { origin: 'null' } }],
    [400, 'a message with the action $connect', { eventType: 'MESSAGE' }],
  ])('is answered %i for %s, and registers nothing', async (status, _what, options) => {
    expect(await functions().connect(options)).toMatchObject({ status, error: expect.stringMatching(/./) });
    expect(await registry.loads()).toEqual(new Map([[0, new Map([[0, 0]])]]));
  });

  test('accepts web pages of the allowed origins', async () => {
    expect(await functions().connect({ headers: { Origin: 'https://a.example' } })).toEqual({ status: 200 });
  });

  test.each<[string, Parameters<typeof socketEvent>[1], string | undefined]>([
    ['the query', { query: { token: 'a.b.c' } }, 'Bearer a.b.c'],
    ['a header', { headers: { Authorization: 'Bearer a.b.c' } }, 'Bearer a.b.c'],
    ['nowhere', {}, undefined],
  ])('takes the token from %s', async (_where, options, expected) => {
    const asked: (string | undefined)[] = [];
    const auth: Authenticator = {
      authenticate: async (authorization) => {
        asked.push(authorization);
        throw unauthorized();
      },
    };
    expect(await functions({ auth }).connect(options)).toMatchObject({ status: 401 });
    expect(asked).toEqual([expected]);
  });

  test('needs the scope watch and the room', async () => {
    const tapper = functions({ auth: bearerOf({ sub: 'u1', scope: 'tap', rooms: ['*'] }) });
    expect(await tapper.connect()).toMatchObject({ status: 403, error: 'The token needs the scope watch' });
    const watcher = functions({ auth: bearerOf({ sub: 'u1', scope: 'watch', rooms: ['final'] }) });
    expect(await watcher.connect()).toMatchObject({ status: 403, details: [{ path: 'room_id' }] });
    expect(await watcher.connect({ query: { room_id: 'final' } })).toEqual({ status: 200 });
  });

  test('is answered with the status of a limit or a failure', async () => {
    const limited = { ...unlimited, viewer: throws(new PlatformError('rate_limited', 'Too many registrations')) };
    expect(await functions({ admission: limited }).connect()).toMatchObject({ status: 429 });
    const broken = { ...unlimited, viewer: throws(new TypeError('oops')) };
    expect(await functions({ admission: broken }).connect()).toEqual({ status: 500, error: 'Internal error' });
    expect(log.lines).toMatchObject([['error', 'connection refused', { error: { message: 'oops' } }]]);
  });
});

describe('room', () => {
  const count = (room_id: string, emoji_type: string, taps: number, offset: number) =>
    counts.apply(
      groupByBucket(
        [
          {
            ...{ topicPartition: 't-0', offset, appended: 0 },
            reaction: { ...tap, room_id, emoji_type, count: taps, received_at: new Date(NOW).toISOString() },
          },
        ],
        new Map([['t-0', { first: offset, last: offset, newest: NOW, appended: 0 }]]),
        Array.from({ length: counts.buckets }, (_, n) => n),
        { ...WINDOW, total: counts.buckets },
      ),
      NOW,
    );

  test('moves the connection and is answered with the newest windows and all totals', async () => {
    await count('final', '🔥', 3, 0);
    await count('final', '👏', 1, 1);
    const { connect, send } = functions();
    await connect();
    expect(await send({ type: 'room', room_id: 'final' })).toEqual({
      ...{ v: 1, type: 'counts', room_id: 'final', window_ms: 2000, aggregation_ratio: 1000 },
      windows: [{ start: '2026-05-01T20:45:00.000Z', counts: { '🔥': 3, '👏': 1 } }],
      totals: { '🔥': 3, '👏': 1 },
      at: '2026-05-01T20:45:00.500Z',
    });
    expect([await clientsIn('final'), await clientsIn('global')]).toEqual([[ID], []]);
  });

  test('of a room without taps is answered with an empty frame', async () => {
    expect(await functions().send({ type: 'room', room_id: 'new' })).toMatchObject({
      ...{ type: 'counts', room_id: 'new', windows: [], totals: {} },
    });
  });

  test('registers again a connection whose registration has ended', async () => {
    const { connect, send } = functions();
    await connect();
    now += 600_000;
    expect(await registry.expire(now)).toBe(1);
    expect(await send({ type: 'ping' })).toMatchObject({ type: 'error', of: 'ping', status: 404 });
    expect(await send({ type: 'room', room_id: 'final' })).toMatchObject({ type: 'counts' });
    expect(await clientsIn('final')).toEqual([ID]);
  });

  test('that the token does not allow is refused, and the connection stays where it is', async () => {
    const { connect, send } = functions({ auth: bearerOf({ sub: 'u1', scope: 'watch', rooms: ['final'] }) });
    await connect({ query: { room_id: 'final' } });
    expect(await send({ type: 'room', room_id: 'other' })).toMatchObject({
      ...{ type: 'error', of: 'room', status: 403, details: [{ path: 'room_id' }] },
    });
    expect(await clientsIn('final')).toEqual([ID]);
  });
});

describe('tap', () => {
  test('is queued as by POST /emoji, then acknowledged', async () => {
    const { connect, send } = functions();
    await connect();
    expect(await send({ type: 'tap', id: 7, ...tap, event_id: 'e-1' })).toEqual({ type: 'ack', id: 7, status: 200 });
    expect(await send({ type: 'tap', ...tap })).toEqual({ type: 'ack', status: 200 });
    const received_at = '2026-05-01T20:45:00.500Z';
    expect(records.values(REACTION_TOPIC)).toEqual([
      { ...tap, event_id: 'e-1', room_id: 'global', count: 1, received_at },
      { ...tap, room_id: 'global', count: 1, received_at },
    ]);
  });

  test('may hold several taps', async () => {
    const events = [tap, { ...tap, count: 4 }];
    expect(await functions().send({ type: 'tap', id: 'a', events })).toEqual({
      ...{ type: 'ack', id: 'a', status: 200, accepted: 5 },
    });
    expect(records.values(REACTION_TOPIC)).toHaveLength(2);
  });

  test('that is invalid, forbidden, limited or not written has the status and details of POST /emoji', async () => {
    const { send } = functions();
    expect(await send({ type: 'tap', id: 1, user_id: 'u1' })).toEqual({
      ...{ type: 'ack', id: 1, status: 400, error: 'Missing required fields' },
    });
    expect(await send({ type: 'tap', id: 2, events: [tap, { ...tap, count: 0 }] })).toEqual({
      ...{ type: 'ack', id: 2, status: 400, error: 'Invalid emoji data' },
      details: [{ path: 'events.1.count', message: 'must be at least 1' }],
    });
    const limited = {
      ...unlimited,
      taps: throws(new PlatformError('rate_limited', 'Too many taps', { headers: { 'retry-after': '2' } })),
    };
    expect(await functions({ admission: limited }).send({ type: 'tap', id: 3, ...tap })).toEqual({
      ...{ type: 'ack', id: 3, status: 429, error: 'Too many taps', retry_after: 2 },
    });
    records.failure = new PlatformError('broker_unavailable', 'The broker does not answer');
    expect(await send({ type: 'tap', id: 4, ...tap })).toMatchObject({ id: 4, status: 503, retry_after: 1 });
    expect(records.values(REACTION_TOPIC)).toEqual([]);
  });

  test('of a connection with a token must be of its user and in one of its rooms, until the token ends', async () => {
    const claims = { sub: 'u1', scope: 'watch tap', rooms: ['final'], exp: NOW / 1000 + 60 };
    const { connect, send } = functions({ auth: bearerOf(claims) });
    await connect({ query: { room_id: 'final' } });
    const statusOf = async (fields: object) =>
      ((await send({ type: 'tap', ...tap, room_id: 'final', ...fields })) as { status: number }).status;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({ user_id: 'u2' })).toBe(403);
    expect(await statusOf({ room_id: 'other' })).toBe(403);
    now += 60_000;
    expect(await statusOf({})).toBe(401);
    expect(await send({ type: 'tap', ...tap }, { connection: 'unknown=' })).toMatchObject({ status: 401 });
    expect(records.values(REACTION_TOPIC)).toHaveLength(1);
  });
});

test('a ping begins the time to live anew and is answered with the room', async () => {
  const { connect, send } = functions();
  await connect({ query: { room_id: 'final' } });
  now += 599_000;
  expect(await send({ type: 'ping' })).toEqual({ type: 'pong', room_id: 'final' });
  expect(await registry.expire(now + 599_999)).toBe(0);
  expect(await registry.expire(now + 600_000)).toBe(1);
});

test.each([
  ['not JSON', 'hello', [{ path: '', message: 'must be JSON, sent as text' }]],
  ['no object', '7', [{ path: '', message: expect.stringMatching(/./) }]],
  ['of an unknown type', { type: 'rooms' }, [{ path: 'type', message: 'must be room, tap or ping' }]],
])('a message that is %s is answered with an error', async (_what, body, details) => {
  expect(await functions().send(body)).toMatchObject({ type: 'error', status: 400, details });
});

test('a message of more than 32 KB, which a client may send in several frames, is refused', async () => {
  expect(await functions().send({ type: 'ping', more: 'x'.repeat(32 * 1024) })).toMatchObject({
    ...{ type: 'error', status: 413, error: 'A message must not be larger than 32768 bytes' },
  });
});

describe('$disconnect', () => {
  test('unregisters the connection', async () => {
    const { connect, disconnect } = functions();
    await connect();
    expect(await disconnect(socketEvent('DISCONNECT'))).toEqual({ statusCode: 200 });
    expect(await clientsIn('global')).toEqual([]);
  });

  test('of a message with that action, or while Redis is down, changes nothing', async () => {
    const { connect, disconnect } = functions();
    await connect();
    await disconnect(socketEvent('MESSAGE', { body: { action: '$disconnect' } }));
    expect(await clientsIn('global')).toEqual([ID]);
    registry.unregister = throws(new PlatformError('store_unavailable', 'Redis does not answer'));
    expect(await disconnect(socketEvent('DISCONNECT'))).toEqual({ statusCode: 200 });
    expect(log.lines).toMatchObject([['error', 'connection was not unregistered', { connection: ID }]]);
  });
});
