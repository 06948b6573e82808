import { afterAll, describe, expect, test } from '@jest/globals';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { scripts } from '../support/scripts.ts';
import { quiet } from '../support/services.ts';
import { until } from '../support/until.ts';
import { platformForTests, tap as anyTap } from './fixture.ts';
import { live } from './live.ts';
import { SHARED_SETTINGS, type SharedPlatform } from './shared-platform.ts';
import { post } from './viewer.ts';

const { run } = scripts();
let platform: SharedPlatform;
afterAll(async () => {
  // The next test files need rooms too.
  const redis = createRedis(localEndpoints(platform.dataDir)?.REDIS_URL ?? '', quiet);
  await redis.del('active_rooms');
  redis.disconnect();
});
platformForTests((started) => (platform = started)); // its afterAll runs after the hook above

const tap = (fields: Record<string, unknown> = {}) => anyTap({ user_id: 'limited', ...fields });
/** Sends requests one after the other. Returns how many were accepted before one was answered 429. */
const acceptedBefore429 = async (send: (n: number) => Promise<{ status: number }>): Promise<number> => {
  for (let n = 0; ; n++) {
    const { status } = await send(n);
    if (status === 429) return n;
    expect(status).toBe(200);
  }
};

const send = async (path: string, body: unknown) => {
  const answer = await post(`${platform.url}${path}`, body);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};
const emoji = (body: unknown) => send('/emoji', body);

describe('a user may send 40 taps at once and 20 a second', () => {
  test('the 41st is answered 429 with Retry-After and RateLimit headers, and is not counted', async () => {
    const room_id = 'bursts';
    // On a slow machine the bucket refills between two requests.
    let taken = 0;
    const burst = () => emoji({ events: Array(40).fill(tap({ room_id })) });
    let answer = await burst();
    expect(answer.headers.get('ratelimit-limit')).toBe('40');
    expect(answer.headers.get('ratelimit-policy')).toBe('"user";q=40;w=2');
    for (; answer.status === 200; answer = await burst()) taken += 40;
    expect(taken).toBeGreaterThan(0);
    expect([answer.status, answer.body]).toMatchObject([
      429,
      { error: 'Too many taps', details: [{ path: 'user_id' }] },
    ]);
    expect(answer.headers.get('retry-after')).toMatch(/^[12]$/);
    for (const name of ['limit', 'remaining', 'reset'])
      expect(answer.headers.get(`ratelimit-${name}`)).toMatch(/^\d+$/);
    // A tap of another user is counted later than the rejected taps would have been.
    expect((await emoji(tap({ room_id, user_id: 'another' }))).status).toBe(200);
    await until(
      'all other taps are counted',
      async () => (await live(platform.url, room_id)).totals[0]?.raw_count === taken + 1,
    );
  });

  test('a merged tap is charged by its count', async () => {
    const merged = (user_id: string, count: number) => emoji(tap({ user_id, count })).then(({ status }) => status);
    expect(await merged('merged', 40)).toBe(200);
    await until('the same request is answered 429', async () => (await merged('merged', 40)) === 429);
    expect(await merged('merged-more', 41)).toBe(429);
  });

  test('after a while the same request is accepted', async () => {
    await until('the request is accepted', async () => (await emoji(tap({ count: 20 }))).status === 200);
  });
});

test('an address can register clients up to its limit; further ones are rejected', async () => {
  const register = (n: number) => send('/register', { client_id: `limit-${n}`, port: 6000, room_id: 'bursts' });
  const taken = await acceptedBefore429(register);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThanOrEqual(Number(SHARED_SETTINGS.MAX_CLIENTS_PER_ADDRESS));
  const refused = await register(taken);
  expect([refused.status, refused.body]).toMatchObject([429, { details: [{ path: 'client_id' }] }]);
  expect((await register(0)).status).toBe(200);
  for (let n = 0; n < taken; n++) await fetch(`${platform.url}/register/limit-${n}`, { method: 'DELETE' });
});

test.each([
  ['4 clients, 100 taps/s each', []],
  ['10 clients, 50 taps/s each', ['--clients', '10', '--rate', '50']],
  ['requests of 500 taps', ['--clients', '1', '--rate', '1000', '--batch', '500']],
])('the simulator is not limited: %s', async (_what, args) => {
  const { code, stdout } = await run('simulate', ['--url', platform.url, '--json', '--seconds', '3', ...args]);
  const summary: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect([code, summary]).toMatchObject([0, { summary: { refused: 0, failed: 0 } }]);
});

test('above the limit of active rooms, taps and clients for new rooms are rejected, but not for active ones', async () => {
  const taken = await acceptedBefore429((n) => emoji(tap({ user_id: `limit-${n}`, room_id: `limit-${n}` })));
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(Number(SHARED_SETTINGS.MAX_ROOMS));
  const room_id = `limit-${taken}`;
  expect(await emoji(tap({ user_id: 'late', room_id }))).toMatchObject({
    status: 429,
    body: { error: 'Too many rooms are active', details: [{ path: 'room_id' }] },
  });
  expect((await send('/register', { client_id: 'c', port: 6000, room_id })).status).toBe(429);
  expect((await emoji(tap({ user_id: 'late', room_id: 'limit-0' }))).status).toBe(200);
});
