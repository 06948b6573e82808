import { beforeEach, expect, test } from '@jest/globals';
import { createAdmission, type Admission } from './admission.ts';
import type { Tap } from '../domain/reaction.ts';
import { PlatformError } from '../errors.ts';
import type { Charge, LimitName, Verdict } from '../ports.ts';

const NOW = 1000;
let charged: readonly Charge[];
let refused: LimitName | undefined;
let surplus: string[];
let inactive: string[];
/** Whether this caller gets a claim; called with the rooms that it claims. */
let claim: (rooms: readonly string[]) => boolean;
let all: Charge[];
let entered: readonly string[];
let down: Error | undefined;
let admission: Admission;

const verdictOf = (charge: Charge): Verdict => ({
  charge,
  taken: refused === undefined,
  burst: 30,
  seconds: 1.5,
  remaining: refused === undefined ? 29 : 0,
  waitMs: 1001,
});
const create = (whenDown: 'open' | 'closed') =>
  createAdmission({
    limiter: {
      charge: async (charges) => {
        if (down) throw down;
        charged = charges;
        all.push(...charges);
        const about = refused ? charges.find(({ limit }) => limit === refused) : charges[0];
        return about && verdictOf(about);
      },
    },
    rooms: {
      inactive: async () => {
        if (down) throw down;
        return inactive;
      },
      claim: async (rooms) => claim(rooms),
      admit: async (rooms, now) => {
        if (down) throw down;
        expect(now).toBe(NOW);
        entered = rooms;
        return surplus;
      },
    },
    whenDown,
    clock: () => NOW,
  });
beforeEach(() => {
  [charged, entered, surplus, refused, down] = [[], [], [], undefined, undefined];
  [inactive, all] = [[], []];
  claim = () => true;
  admission = create('open');
});

const tap = (user_id: string, room_id = 'r', count = 1): Tap => ({
  user_id,
  room_id,
  count,
  emoji_type: '🔥',
  timestamp: '2026-05-01T20:45:00Z',
});

test('taps and merged taps are charged to their users, their rooms and the address', async () => {
  await admission.taps('192.0.2.1', [tap('u'), tap('v', 's', 7), tap('u', 'r', 5)]);
  expect(charged).toEqual([
    { limit: 'user', key: 'u', points: 6 },
    { limit: 'user', key: 'v', points: 7 },
    { limit: 'address', key: '192.0.2.1', points: 13 },
    { limit: 'room', key: 'r', points: 6 },
    { limit: 'room', key: 's', points: 7 },
  ]);
  expect(entered).toEqual(['r', 's']);
});

test('answers carry the remaining quota in the RateLimit headers of the current and the earlier draft', async () => {
  expect(await admission.taps('a', [tap('u')])).toEqual({
    'ratelimit-limit': '30',
    'ratelimit-remaining': '29',
    'ratelimit-reset': '2',
    'ratelimit-policy': '"user";q=30;w=2',
    ratelimit: '"user";r=29;t=2',
  });
});

test.each([
  ['user', 'user_id', 'u may send 30 taps at once and as many more every 1.5 s'],
  ['address', '', 'a may send 30 taps at once and as many more every 1.5 s'],
  ['room', 'room_id', 'r may get 30 taps at once and as many more every 1.5 s'],
] as const)('above the %s limit: 429 with the limit and when to retry', async (limit, path, message) => {
  refused = limit;
  await expect(admission.taps('a', [tap('u')])).rejects.toMatchObject({
    code: 'rate_limited',
    message: 'Too many taps',
    details: [{ path, message }],
    headers: { 'retry-after': '2', 'ratelimit-remaining': '0', ratelimit: `"${limit}";r=0;t=2` },
  });
  expect(entered).toEqual([]);
});

test('calls of /register are charged to the address', async () => {
  expect(await admission.registration('a')).toHaveProperty('ratelimit');
  expect([charged, entered]).toEqual([[{ limit: 'register', key: 'a', points: 1 }], []]);
  expect(await admission.removal('b')).toHaveProperty('ratelimit');
  expect(charged).toEqual([{ limit: 'register', key: 'b', points: 1 }]);
  refused = 'register';
  const refusal = { code: 'rate_limited', message: 'Too many registrations', details: [{ path: '' }] };
  await expect(admission.registration('a')).rejects.toMatchObject(refusal);
  await expect(admission.removal('a')).rejects.toMatchObject(refusal);
});

const clientIn = (room_id: string) => ({ room_id, host: 'Viewer.example', port: 6000 });

test('a registration is charged to its host and port, then its room is admitted', async () => {
  await admission.client('a', undefined, clientIn('r'));
  expect(all).toEqual([
    { limit: 'destination', key: 'viewer.example 6000', points: 1 },
    { limit: 'destination-host', key: 'viewer.example', points: 1 },
  ]);
  expect(entered).toEqual(['r']);
  entered = [];
  for (const [limit, path] of [
    ['destination', 'port'],
    ['destination-host', 'host'],
  ] as const) {
    refused = limit;
    await expect(admission.client('a', undefined, clientIn('r'))).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'Too many registrations',
      details: [{ path, message: expect.stringMatching(/^viewer\.example( 6000)? may get 30 registrations at once/) }],
    });
  }
  expect(entered).toEqual([]);
});

test('new rooms are charged to the address, and to the user who taps first in each', async () => {
  inactive = ['new', 'newer'];
  await admission.taps('a', [tap('u', 'new'), tap('v', 'new'), tap('v', 'newer'), tap('v', 'old')]);
  expect(charged).toEqual([
    { limit: 'new-rooms-user', key: 'u', points: 1 },
    { limit: 'new-rooms-user', key: 'v', points: 1 },
    { limit: 'new-rooms-address', key: 'a', points: 2 },
  ]);
  expect(entered).toEqual(['new', 'newer', 'old']);
  inactive = ['new'];
  await admission.client('a', 'w', clientIn('new'));
  expect(charged[0]).toEqual({ limit: 'new-rooms-user', key: 'w', points: 1 });
  await admission.client('a', undefined, clientIn('new'));
  expect(charged).toEqual([{ limit: 'new-rooms-address', key: 'a', points: 1 }]);
});

test('a viewer who enters a room that another one is opening waits for it and is not charged', async () => {
  inactive = ['new'];
  let claims = 0;
  claim = (rooms) => {
    expect(rooms).toEqual(['new']);
    if (++claims === 3) inactive = []; // the other one has opened it
    return false;
  };
  await admission.viewer('a', 'u', 'new');
  expect(claims).toBe(3);
  expect(all).toEqual([{ limit: 'register', key: 'a', points: 1 }]);
  expect(entered).toEqual(['new']);
});

test('a viewer opens a room when the one who claimed it does not', async () => {
  inactive = ['new'];
  claim = () => false;
  await admission.viewer('a', 'u', 'new');
  expect(charged).toEqual([
    { limit: 'new-rooms-user', key: 'u', points: 1 },
    { limit: 'new-rooms-address', key: 'a', points: 1 },
  ]);
  expect(entered).toEqual(['new']);
});

test.each(['new-rooms-user', 'new-rooms-address'] as const)(
  'above the limit %s, no room is admitted',
  async (limit) => {
    inactive = ['new'];
    refused = limit;
    // The charges of the taps themselves are accepted.
    await expect(admission.taps('a', [tap('u', 'new')])).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'Too many new rooms',
      details: [{ path: 'room_id', message: expect.stringMatching(/ may open 30 new rooms at once /) }],
    });
    expect(entered).toEqual([]);
  },
);

test('views are charged to the address', async () => {
  await admission.view('a');
  expect(charged).toEqual([{ limit: 'live', key: 'a', points: 1 }]);
  refused = 'live';
  await expect(admission.view('a')).rejects.toMatchObject({ code: 'rate_limited', message: 'Too many requests' });
});

test('a tap for one room more than the limit is rejected', async () => {
  surplus = ['s'];
  const refusal = {
    code: 'rate_limited',
    message: 'Too many rooms are active',
    details: [{ path: 'room_id', message: 'must be a room that is active: s would exceed the limit' }],
    headers: { 'retry-after': '60' },
  };
  await expect(admission.taps('a', [tap('u', 's')])).rejects.toMatchObject(refusal);
  await expect(admission.client('a', 'u', clientIn('s'))).rejects.toMatchObject(refusal);
});

test('while Redis is down, `open` accepts every tap and `closed` rejects every tap', async () => {
  down = new PlatformError('store_unavailable', 'Redis does not answer');
  expect(await admission.taps('a', [tap('u')])).toEqual({});
  await expect(create('closed').taps('a', [tap('u')])).rejects.toBe(down);
});

test('an error other than a store outage rejects the tap in both modes', async () => {
  down = new TypeError('a mistake of ours');
  await expect(admission.taps('a', [tap('u')])).rejects.toBe(down);
});
