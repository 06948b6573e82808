import { expect, test } from '@jest/globals';
import { JwtAuthenticator } from '../../lib/adapters/jwt/authenticator.ts';
import { sharedSecret } from '../../lib/adapters/jwt/keys.ts';
import { scripts } from '../support/scripts.ts';

const { run } = scripts();

const AUTH_SECRET = 'scripts-token.test.ts signs with these';
const bare = { AUTH_SECRET: '', AUTH_ISSUER: '', AUTH_AUDIENCE: '' };
const make = (args: string[], env: Record<string, string> = { AUTH_SECRET }) => run('token', args, { ...bare, ...env });
const callerOf = (token: string, clock: () => number = Date.now) =>
  new JwtAuthenticator({
    keys: sharedSecret(AUTH_SECRET),
    issuer: 'us',
    audience: 'emoji',
    clock,
  }).authenticate(`Bearer ${token.trim()}`);

test('the token is valid for the given user, scopes, rooms and hours', async () => {
  const env = { AUTH_SECRET, AUTH_ISSUER: 'us', AUTH_AUDIENCE: 'emoji' };
  const args = ['--user', 'u1', '--scope', 'tap,watch', '--room', 'final', '--room', 'match-*', '--hours', '8'];
  const { code, stdout, stderr } = await make(args, env);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^\S+\n$/)]);
  expect(stderr).toMatch(/^for u1, scope tap watch, rooms final match-\*, until \S+Z\n$/);
  expect(stderr).not.toContain(AUTH_SECRET);
  expect(await callerOf(stdout)).toEqual({
    user: 'u1',
    scopes: new Set(['tap', 'watch']),
    rooms: ['final', 'match-*'],
    until: expect.any(Number),
  });
  const hours = (n: number) => () => Date.now() + n * 3_600_000;
  await expect(callerOf(stdout, hours(7.9))).resolves.toMatchObject({ user: 'u1' });
  await expect(callerOf(stdout, hours(8.1))).rejects.toThrow('The token has expired');
});

test('without AUTH_SECRET, or with a short one, it prints an error and no token', async () => {
  expect(await make([], {})).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^AUTH_SECRET must be set/),
  });
  expect(await make([], { AUTH_SECRET: 'hunter2' })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'AUTH_SECRET must be a secret of at least 32 bytes (the value is not shown)\n',
  });
});

test.each([
  [['--scope', 'tap,everything'], '--scope should be tap, watch or admin, separated by commas, not "everything".'],
  [['--room', 'a*b'], '--room should be a room id, or the beginning of room ids followed by *, not "a*b".'],
  [['--room', 'a b'], '--room should be a room id, or the beginning of room ids followed by *, not "a b".'],
  [['--user', 'a b'], '--user should be a user\'s id without white space and braces, not "a b".'],
  [['--hours', '0'], '--hours should be a number above 0, at most 8760, not "0".'],
])('wrong usage: %j', async (args, sentence) => {
  expect(await make(args)).toEqual({ code: 2, stdout: '', stderr: `${sentence} See: npm run token -- --help\n` });
});
