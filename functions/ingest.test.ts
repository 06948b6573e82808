import { beforeEach, describe, expect, test } from '@jest/globals';
import { REACTION_TOPIC } from '../lib/config/topics.ts';
import { MAX_BODY_BYTES } from '../lib/adapters/http.ts';
import { openAuthenticator, unauthorized } from '../lib/usecases/authorization.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { MAX_EVENTS } from '../lib/domain/reaction.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Authenticator } from '../lib/ports.ts';
import { bearerOf, RecordedLog, recordedLogger, unlimited } from '../test/support/doubles.ts';
import { httpEvent } from '../test/support/events.ts';
import { createHandler } from './ingest.ts';

const NOW = Date.parse('2026-05-01T20:45:00.500Z');
const tap = { user_id: 'u1', emoji_type: '🔥', timestamp: '2026-05-01T20:45:00.123Z' };

let records: RecordedLog;
beforeEach(() => {
  records = new RecordedLog();
});
interface Guards {
  auth?: Authenticator;
  admission?: Pick<Admission, 'taps'>;
}
const post = async (
  event: Parameters<typeof httpEvent>[0],
  { auth = openAuthenticator, admission = unlimited }: Guards = {},
) => {
  const handler = createHandler({
    auth,
    records,
    admission,
    clock: () => NOW,
    log: recordedLogger(),
    shortCodes: [':goal:'],
  });
  const { statusCode, headers, body } = await handler(httpEvent(event));
  return { status: statusCode, headers, body: JSON.parse(body ?? '') as Record<string, unknown> };
};
const appended = () => records.values(REACTION_TOPIC);

test('a tap is appended with received_at, then answered', async () => {
  expect(await post({ body: tap })).toMatchObject({
    status: 200,
    body: { status: 'success', message: 'Emoji data queued successfully' },
  });
  expect(appended()).toEqual([{ ...tap, room_id: 'global', count: 1, received_at: '2026-05-01T20:45:00.500Z' }]);
  // Neither key nor partition: a hot room uses every partition.
  expect(records.records(REACTION_TOPIC)).toEqual([{ value: expect.any(String) }]);
});

test('a tap with an event_id is keyed by its user, so that copies go to the same partition', async () => {
  const copy = { ...tap, event_id: 'e-1' };
  await post({ body: copy });
  await post({ body: { events: [copy, { ...copy, user_id: 7, event_id: 'e-2' }, tap] } });
  expect(records.records(REACTION_TOPIC).map(({ key, partition }) => [key, partition])).toEqual([
    ['u1', undefined],
    ['u1', undefined],
    ['7', undefined],
    [undefined, undefined],
  ]);
});

test('all fields are kept: the emoji in its canonical form, the timestamp as sent', async () => {
  const full = { room_id: 'final', event_id: 'e-1', count: 7, timestamp: '2026-05-01T20:45:00.123456' };
  await post({ body: { ...tap, ...full, user_id: 42, emoji_type: '❤', extra: 'dropped' } });
  expect(appended()).toEqual([{ ...full, user_id: '42', emoji_type: '❤️', received_at: '2026-05-01T20:45:00.500Z' }]);
});

test('a batch is appended as one record per entry, and `accepted` is the number of taps', async () => {
  const { status, body } = await post({ body: { events: [tap, { ...tap, count: 100 }, { ...tap, room_id: 'b' }] } });
  expect({ status, accepted: body.accepted }).toEqual({ status: 200, accepted: 102 });
  expect(appended()).toHaveLength(3);
});

test(`a batch of ${MAX_EVENTS} is accepted`, async () => {
  const { status, body } = await post({ body: { events: Array.from({ length: MAX_EVENTS }, () => tap) } });
  expect({ status, accepted: body.accepted }).toEqual({ status: 200, accepted: 500 });
});

describe('rejected requests, of which no tap is queued', () => {
  const without = (field: keyof typeof tap) => Object.fromEntries(Object.entries(tap).filter(([key]) => key !== field));
  test.each([
    ['no body', undefined],
    ['no user_id', without('user_id')],
    ['no emoji_type', without('emoji_type')],
    ['no timestamp', without('timestamp')],
    ['null', { ...tap, user_id: null }],
  ])('400 Missing required fields: %s', async (_what, body) => {
    expect(await post({ body })).toMatchObject({ status: 400, body: { error: 'Missing required fields' } });
    expect(records.topics).toEqual([]);
  });

  test('400 Missing required fields in a batch lists their paths', async () => {
    expect((await post({ body: { events: [tap, without('emoji_type'), 3] } })).body).toEqual({
      error: 'Missing required fields',
      details: [
        { path: 'events.1.emoji_type', message: 'is required' },
        ...['user_id', 'emoji_type', 'timestamp'].map((field) => ({
          path: `events.2.${field}`,
          message: 'is required',
        })),
      ],
    });
    expect(records.topics).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['emoji_type', { emoji_type: 'fire' }],
    ['emoji_type', { emoji_type: '🔥🔥' }],
    ['emoji_type', { emoji_type: '' }],
    ['emoji_type', { emoji_type: ':unknown:' }],
    ['emoji_type', { emoji_type: 7 }],
    ['timestamp', { timestamp: 'yesterday' }],
    ['timestamp', { timestamp: 1_777_668_300 }],
    ['timestamp', { timestamp: '2026-02-30T00:00:00Z' }],
    ['timestamp', { timestamp: `2026-05-01T20:45:00.${'1'.repeat(80)}Z` }],
    ['user_id', { user_id: '' }],
    ['user_id', { user_id: 'a b' }],
    ['user_id', { user_id: 'x'.repeat(129) }],
    ['user_id', { user_id: 1.5 }],
    ['room_id', { room_id: 'a{b}' }],
    ['room_id', { room_id: 'x'.repeat(65) }],
    ['room_id', { room_id: null }],
    ['event_id', { event_id: 'é' }],
    ['count', { count: 0 }],
    ['count', { count: 101 }],
    ['count', { count: 1.5 }],
    ['count', { count: '1' }],
  ])('400 with the path of the invalid field: %s %j', async (path, change) => {
    for (const [body, prefix] of [
      [{ ...tap, ...change }, ''],
      [{ events: [tap, { ...tap, ...change }] }, 'events.1.'],
    ] as const) {
      const answer = await post({ body });
      expect(answer).toMatchObject({ status: 400, body: { error: 'Invalid emoji data' } });
      expect(answer.body.details).toEqual([{ path: `${prefix}${path}`, message: expect.stringMatching(/^must /) }]);
    }
    expect(records.topics).toEqual([]);
  });

  test.each([
    ['not a list', { events: 'x' }, 'must be a list of taps'],
    ['null', { events: null }, 'must be a list of taps'],
    ['empty', { events: [] }, 'must hold at least one tap'],
    ['too long', { events: Array.from({ length: MAX_EVENTS + 1 }, () => tap) }, 'must hold at most 500 taps'],
  ])('400: events is %s', async (_what, body, message) => {
    expect(await post({ body })).toMatchObject({
      status: 400,
      body: { error: 'Invalid emoji data', details: [{ path: 'events', message }] },
    });
    expect(records.topics).toEqual([]);
  });

  test.each([
    ['numbers', '1'],
    ['empty taps', '{}'],
    ['wrong taps', '{"user_id":1,"emoji_type":1,"timestamp":1}'],
  ])('a list of tens of thousands of %s gets one detail', async (_what, item) => {
    const events = Array.from({ length: Math.floor(200_000 / (item.length + 1)) }, () => item).join(',');
    const { status, body } = await post({ body: `{"events":[${events}]}` });
    expect({ status, details: (body.details as unknown[]).length }).toEqual({ status: 400, details: 1 });
  });

  test('400: not JSON, not UTF-8, not an object', async () => {
    for (const event of [{ body: '{' }, { bytes: Buffer.from([0xff]) }, { body: '[]' }])
      expect(await post(event)).toMatchObject({ status: 400, body: { error: expect.stringMatching(/^Invalid/) } });
    expect(records.topics).toEqual([]);
  });

  test('413 over 256 KiB', async () => {
    const answer = await post({ body: { ...tap, padding: 'x'.repeat(MAX_BODY_BYTES) } });
    expect(answer).toMatchObject({ status: 413, body: { error: expect.stringContaining('262144') } });
    expect(records.topics).toEqual([]);
  });
});

test('429 above a limit: no tap is queued; every answer has the remaining quota', async () => {
  const charged: unknown[] = [];
  const refusals: PlatformError[] = [];
  const admission: Pick<Admission, 'taps'> = {
    taps: async (address, taps) => {
      charged.push([address, taps.map(({ count }) => count)]);
      for (const refusal of refusals) throw refusal;
      return { 'ratelimit-remaining': '3' };
    },
  };
  const body = { events: [tap, { ...tap, count: 3 }] };
  expect(await post({ body }, { admission })).toMatchObject({ status: 200, headers: { 'ratelimit-remaining': '3' } });
  records = new RecordedLog();
  const details = [{ path: 'user_id', message: 'u1 may send 40' }];
  refusals.push(new PlatformError('rate_limited', 'Too many taps', { details, headers: { 'retry-after': '2' } }));
  expect(await post({ body }, { admission })).toMatchObject({
    status: 429,
    headers: { 'retry-after': '2' },
    body: { error: 'Too many taps', details },
  });
  expect(records.topics).toEqual([]);
  expect(charged).toEqual(Array(2).fill(['192.0.2.1', [1, 3]]));
});

test('an invalid request is not charged', async () => {
  const admission = { taps: () => Promise.reject(new Error('charged')) };
  expect((await post({ body: { ...tap, count: 0 } }, { admission })).status).toBe(400);
});

test('503 with Retry-After when the broker does not acknowledge', async () => {
  records.failure = new PlatformError('broker_unavailable', 'The broker did not acknowledge in time');
  expect(await post({ body: tap })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: 'The broker did not acknowledge in time' },
  });
});

test('a configured short code is accepted', async () => {
  expect((await post({ body: { ...tap, emoji_type: ':goal:' } })).status).toBe(200);
});

describe('authorization', () => {
  const tapper = bearerOf({ sub: 'u1', scope: 'tap', rooms: ['final', 'match-*'] });
  const mine = { ...tap, room_id: 'final' };

  test('a token allows its user’s taps, in the rooms of the token', async () => {
    for (const room_id of ['final', 'match-7'])
      expect((await post({ body: { ...mine, room_id } }, { auth: tapper })).status).toBe(200);
    expect(appended()).toHaveLength(2);
  });

  test('the Authorization header is checked before the body is read (401)', async () => {
    const seen: unknown[] = [];
    const auth = {
      authenticate: async (header: string | undefined) => {
        seen.push(header);
        throw unauthorized();
      },
    };
    const answer = await post({ body: '{', headers: { authorization: 'Bearer a.b.c' } }, { auth });
    expect(seen).toEqual(['Bearer a.b.c']);
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="emoji-streaming"' } });
    expect(records.topics).toEqual([]);
  });

  test.each([
    ['no scope', { scope: '' }],
    ['another scope', { scope: 'watch' }],
  ])('403: %s', async (_what, claims) => {
    const auth = bearerOf({ sub: 'u1', rooms: ['*'], ...claims });
    expect(await post({ body: mine }, { auth })).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': 'Bearer realm="emoji-streaming", error="insufficient_scope", scope="tap"' },
      body: { error: 'The token needs the scope tap' },
    });
    expect(records.topics).toEqual([]);
  });

  const notMine = { path: 'user_id', message: 'must be the sub of the token' };
  const notHere = { path: 'room_id', message: 'must be one of the rooms of the token' };
  test.each<[string, object, object[]]>([
    ['another user', { user_id: 'u2' }, [notMine]],
    ['another room', { room_id: 'finals' }, [notHere]],
    ['the default room', { room_id: undefined }, [notHere]],
    ['another user and room', { user_id: 2, room_id: 'rematch-1' }, [notMine, notHere]],
  ])('403 with the path of what the token does not allow: %s', async (_what, change, details) => {
    const refused = { ...mine, ...change };
    const answer = await post({ body: refused }, { auth: tapper });
    expect([answer.status, answer.body]).toEqual([403, { error: 'The token does not allow this', details }]);
    expect(records.topics).toEqual([]);
  });

  test('one forbidden tap rejects the whole batch (403)', async () => {
    const answer = await post({ body: { events: [mine, mine, { ...mine, user_id: 'u2' }] } }, { auth: tapper });
    expect([answer.status, answer.body.details]).toEqual([403, [{ ...notMine, path: 'events.2.user_id' }]]);
    expect(records.topics).toEqual([]);
    expect((await post({ body: { events: [mine, mine] } }, { auth: tapper })).body).toMatchObject({ accepted: 2 });
  });

  test('an admin may tap for any user in any room', async () => {
    const events = [mine, { ...tap, user_id: 'u2' }, { ...tap, user_id: 3, room_id: 'elsewhere' }];
    expect((await post({ body: { events } }, { auth: bearerOf({ sub: 'boss', scope: 'admin' }) })).status).toBe(200);
  });
});
