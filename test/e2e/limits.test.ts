import { describe, expect, test } from '@jest/globals';
import { scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';
import { platformForTests, tap } from './fixture.ts';
import { live } from './live.ts';
import type { Platform } from './platform.ts';
import { post } from './viewer.ts';

const { run } = scripts();
let platform: Platform;
platformForTests((started) => (platform = started), { MAX_ROOMS: '8', MAX_CLIENTS_PER_ADDRESS: '5' });

const send = async (path: string, body: unknown) => {
  const answer = await post(`${platform.url}${path}`, body);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};
const emoji = (body: unknown) => send('/emoji', body);

describe('a user has 40 taps at once and 20 a second', () => {
  test('the 41st is answered 429 with Retry-After and RateLimit headers, and is not counted', async () => {
    const room_id = 'bursts';
    const taken = await emoji({ events: Array(40).fill(tap({ room_id })) });
    expect(taken.status).toBe(200);
    expect(taken.headers.get('ratelimit-limit')).toBe('40');
    expect(taken.headers.get('ratelimit-policy')).toBe('"user";q=40;w=2');
    const refused = await emoji({ events: Array(40).fill(tap({ room_id })) });
    expect([refused.status, refused.body]).toMatchObject([
      429,
      { error: 'Too many taps', details: [{ path: 'user_id' }] },
    ]);
    expect(refused.headers.get('retry-after')).toMatch(/^[12]$/);
    for (const name of ['limit', 'remaining', 'reset'])
      expect(refused.headers.get(`ratelimit-${name}`)).toMatch(/^\d+$/);
    // Somebody else taps on; what he taps is counted after what was refused would have been.
    expect((await emoji(tap({ room_id, user_id: 'u2' }))).status).toBe(200);
    await until('41 taps', async () => (await live(platform.url, room_id)).totals[0]?.raw_count === 41);
  });

  test('a merged tap counts as many', async () => {
    expect((await emoji(tap({ user_id: 'merged', count: 40 }))).status).toBe(200);
    expect((await emoji(tap({ user_id: 'merged', count: 40 }))).status).toBe(429);
    expect((await emoji(tap({ user_id: 'merged-more', count: 41 }))).status).toBe(429);
  });

  test('after a while the same is taken', async () => {
    await until('it is taken', async () => (await emoji(tap({ count: 20 }))).status === 200);
  });
});

test('as many clients as an address may have; the others are told so', async () => {
  const register = (n: number) => send('/register', { client_id: `c${n}`, port: 6000, room_id: 'bursts' });
  for (let n = 0; n < 5; n++) expect((await register(n)).status).toBe(200);
  const refused = await register(5);
  expect([refused.status, refused.body]).toMatchObject([429, { details: [{ path: 'client_id' }] }]);
  expect((await register(0)).status).toBe(200);
  for (let n = 0; n < 5; n++) await fetch(`${platform.url}/register/c${n}`, { method: 'DELETE' });
});

test.each([
  ['4 clients, 100 taps/s each', []],
  ['10 clients, 50 taps/s each', ['--clients', '10', '--rate', '50']],
  ['a request of 500 taps now and then', ['--clients', '1', '--rate', '1000', '--batch', '500']],
])('the simulator is not limited: %s', async (_what, args) => {
  const { code, stdout } = await run('simulate', ['--url', platform.url, '--json', '--seconds', '4', ...args]);
  const summary: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect([code, summary]).toMatchObject([0, { summary: { refused: 0, failed: 0 } }]);
});

test('rooms: so many and no more, for taps and for clients; those that are active go on', async () => {
  const rooms = Array.from({ length: 20 }, (_, n) => `room-${n}`);
  const statuses = [];
  for (const room_id of rooms) statuses.push((await emoji(tap({ user_id: room_id, room_id }))).status);
  expect(statuses).toEqual([...statuses].sort()); // first those that are taken
  // `warm-up`, `global`, `bursts` and these.
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  const refused = await emoji(tap({ user_id: 'late', room_id: 'room-19' }));
  expect(refused).toMatchObject({
    status: 429,
    body: { error: 'Too many rooms are active', details: [{ path: 'room_id' }] },
  });
  expect((await send('/register', { client_id: 'c', port: 6000, room_id: 'room-19' })).status).toBe(429);
  expect((await emoji(tap({ user_id: 'late', room_id: 'room-0' }))).status).toBe(200);
});
