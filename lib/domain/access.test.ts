import { describe, expect, test } from '@jest/globals';
import { ANYBODY, callerSchema, mayActAs, mayEnter, mayUse, ownsClient, type Caller } from './access.ts';

const caller = (claims: Record<string, unknown> = {}): Caller => callerSchema.parse({ sub: 'u1', ...claims });

test('a token allows only what it names', () => {
  expect(caller()).toEqual({ user: 'u1', scopes: new Set(), rooms: [] });
  expect([mayUse(caller(), 'tap'), mayUse(caller(), 'watch'), mayEnter(caller(), 'global')]).toEqual([
    false,
    false,
    false,
  ]);
});

test.each<[unknown, string[]]>([
  ['tap', ['tap']],
  ['tap watch', ['tap', 'watch']],
  ['openid tap email', ['tap']],
  [['tap', 'openid'], ['tap']],
  ['TAP tap,watch', []],
  ['', []],
  [[], []],
])('the scope claim %j is read as %j', (scope, scopes) => {
  expect([...caller({ scope }).scopes]).toEqual(scopes);
});

test.each([
  { sub: 7 },
  { sub: '' },
  { sub: undefined },
  { scope: 7 },
  { scope: [7] },
  { rooms: 'final' },
  { rooms: [null] },
  { rooms: { final: true } },
])('claims of another shape are refused: %j', (claims) => {
  expect(callerSchema.safeParse({ sub: 'u1', ...claims }).success).toBe(false);
});

test('a scope allows only its own calls', () => {
  expect(mayUse(caller({ scope: 'tap' }), 'tap')).toBe(true);
  expect(mayUse(caller({ scope: 'tap' }), 'watch')).toBe(false);
  expect(mayUse(caller({ scope: 'tap watch' }), 'admin')).toBe(false);
});

test.each([
  ['final', 'final', true],
  ['final', 'final-2', false],
  ['final', 'Final', false],
  ['match-*', 'match-7', true],
  ['match-*', 'match-', true],
  ['match-*', 'match', false],
  ['match-*', 'rematch-7', false],
  ['*', 'anything', true],
  ['', 'global', false],
  // A `*` that is not at the end has no special meaning.
  ['a*b', 'axb', false],
  ['a*b', 'a*b', true],
  ['*b', 'ab', false],
  ['.*', 'ab', false],
])('the pattern %j matches the room %j: %j', (pattern, room, allowed) => {
  expect(mayEnter(caller({ rooms: ['other', pattern] }), room)).toBe(allowed);
});

test.each([
  ['u1', true],
  ['u1:phone', true],
  ['u1:', true],
  ['u1-phone', false],
  ['u10', false],
  ['u2:u1:', false],
  ['', false],
])('the client %j belongs to u1: %j', (client, owned) => {
  expect(ownsClient(caller({ scope: 'watch' }), client)).toBe(owned);
});

test('a caller cannot act as another user', () => {
  expect(mayActAs(caller({ scope: 'tap' }), 'u1')).toBe(true);
  for (const user of ['u2', 'U1', 'u1 ', '']) expect(mayActAs(caller({ scope: 'tap' }), user)).toBe(false);
});

describe('an admin', () => {
  test.each([
    ['with the scope', caller({ sub: 'boss', scope: 'admin' })],
    ['without authentication', ANYBODY],
  ])('%s may do everything, for every user and room', (_what, admin) => {
    expect([
      mayUse(admin, 'tap'),
      mayUse(admin, 'watch'),
      mayEnter(admin, 'final'),
      mayActAs(admin, 'u2'),
      ownsClient(admin, 'u2:phone'),
    ]).toEqual([true, true, true, true, true]);
  });
});
