import { describe, expect, test } from '@jest/globals';
import { MemoryCountStore } from '../test/doubles/count-store.ts';
import { applyTaps } from '../lib/usecases/apply-taps.ts';
import { openAuthenticator, unauthorized } from '../lib/usecases/authorization.ts';
import { bearerOf, recordedLogger, unlimited } from '../test/support/doubles.ts';
import { httpEvent } from '../test/support/events.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Authenticator } from '../lib/ports.ts';
import { tap, tapBatch } from '../test/support/taps.ts';
import { createHandler } from './live.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000 };

const get = async (
  counts: MemoryCountStore,
  query?: Record<string, string>,
  {
    auth = openAuthenticator,
    isPublic = true,
    admission = unlimited,
  }: { auth?: Authenticator; isPublic?: boolean; admission?: Pick<Admission, 'view'> } = {},
) => {
  const handler = createHandler({
    auth,
    admission,
    isPublic,
    counts,
    windowMs: 2000,
    ratio: 1000,
    socketUrl: 'ws://localhost:3001',
    log: recordedLogger(),
  });
  const { statusCode, headers, body } = await handler(httpEvent({ method: 'GET', ...(query ? { query } : {}) }));
  return { status: statusCode, headers, body: JSON.parse(body ?? '') as Record<string, unknown> };
};

const count = (store: MemoryCountStore, taps: ReturnType<typeof tap>[]) =>
  applyTaps(store, tapBatch(taps), { buckets: [0, 1, 2, 3], settings, now: 2500 });

test('the answer has the newest windows first, the totals and the number of late taps', async () => {
  const store = new MemoryCountStore(settings);
  const taps = [
    tap(0, { count: 100 }),
    tap(1, { at: 2000, emoji: '❤️' }),
    tap(2, { at: 0, receivedAt: 20_000, count: 3 }),
  ];
  await count(store, taps);
  const answer = await get(store);
  expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'public, max-age=1' } });
  const one = (emoji_type: string, raw_count: number) => ({ emoji_type, raw_count, scaled_count: 1 });
  expect(answer.body).toEqual({
    room_id: 'global',
    window_ms: 2000,
    aggregation_ratio: 1000,
    windows: [
      { start: '1970-01-01T00:00:02.000Z', end: '1970-01-01T00:00:04.000Z', final: false, counts: [one('❤️', 1)] },
      { start: '1970-01-01T00:00:00.000Z', end: '1970-01-01T00:00:02.000Z', final: false, counts: [one('🔥', 100)] },
    ],
    totals: [one('🔥', 100), one('❤️', 1)],
    late: 3,
    socket_url: 'ws://localhost:3001',
  });
});

test('the answer has at most ten windows, and none of other rooms', async () => {
  const store = new MemoryCountStore(settings);
  await count(
    store,
    Array.from({ length: 12 }, (_, n) => tap(n, { at: n * 2000, room: 'a' })),
  );
  expect((await get(store, { room_id: 'a' })).body.windows).toHaveLength(10);
  expect((await get(store, { room_id: 'b' })).body).toMatchObject({ windows: [], totals: [], late: 0 });
});

test.each(['', 'a b', '{a}', 'x'.repeat(65)])('an invalid room id is rejected: %j', async (room_id) => {
  expect(await get(new MemoryCountStore(settings), { room_id })).toMatchObject({
    status: 400,
    body: { error: 'Invalid query', details: [{ path: 'room_id' }] },
  });
});

test('above the limit the answer is 429, without reading the store, and must not be cached', async () => {
  const unread = new MemoryCountStore(settings);
  unread.snapshot = () => Promise.reject(new Error('was read'));
  const refuse = { view: () => Promise.reject(new PlatformError('rate_limited', 'Too many requests')) };
  expect(await get(unread, { room_id: 'a' }, { admission: refuse })).toMatchObject({
    status: 429,
    headers: { 'cache-control': 'no-store', 'retry-after': '1' },
  });
});

describe('authorization', () => {
  const store = () => new MemoryCountStore(settings);
  const final = { room_id: 'final' };
  const watcher = bearerOf({ sub: 'u1', scope: 'watch', rooms: ['final'] });

  test('a token allows its rooms, and the answer is private for a second', async () => {
    const { status, headers } = await get(store(), final, { auth: watcher, isPublic: false });
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'private, max-age=1', vary: 'authorization' },
    });
  });

  test.each([
    ['another room', watcher, { room_id: 'other' }, { details: [{ path: 'room_id' }] }],
    ['the default room', watcher, {}, { details: [{ path: 'room_id' }] }],
    [
      'no scope',
      bearerOf({ sub: 'u1', scope: 'tap', rooms: ['*'] }),
      final,
      { error: 'The token needs the scope watch' },
    ],
  ])('403, not cached: %s', async (_what, auth, query, body) => {
    const answer = await get(store(), query, { auth, isPublic: false });
    expect(answer).toMatchObject({ status: 403, headers: { 'cache-control': 'no-store' }, body });
  });

  test('with LIVE_PUBLIC no token is needed and a CDN may cache the answer', async () => {
    const locked = { authenticate: () => Promise.reject(unauthorized()) };
    expect((await get(store(), final, { auth: locked, isPublic: false })).status).toBe(401);
    expect(await get(store(), final, { auth: locked, isPublic: true })).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'public, max-age=1' },
    });
  });
});
