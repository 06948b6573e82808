import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { REACTION_RETENTION_MS } from './topics.ts';
import { loadConfig, variables } from './variables.ts';
import { LOCAL_ORIGINS } from './stages.ts';
import type { PlatformError } from '../errors.ts';

const errorOf = (env: Record<string, string>): PlatformError => {
  try {
    loadConfig(env);
  } catch (error) {
    return error as PlatformError;
  }
  throw new Error(`was accepted: ${JSON.stringify(env)}`);
};

test('a deployed stage allows no origins of web pages by default', () => {
  const prod = { STAGE: 'prod', AUTH_ALLOW_OPEN: 'true' };
  expect(loadConfig(prod).CORS_ORIGINS).toEqual([]);
  expect(loadConfig({ ...prod, CORS_ORIGINS: 'http://localhost:3000' }).CORS_ORIGINS).toEqual([
    'http://localhost:3000',
  ]);
});

test('without any variable, the documented defaults apply', () => {
  expect(loadConfig({})).toEqual({
    KAFKA_BROKERS: ['localhost:9092'],
    KAFKA_AUTH: 'none',
    REDIS_URL: 'redis://localhost:6379',
    REDIS_MODE: 'single',
    WINDOW_SECONDS: 2,
    WATERMARK_SECONDS: 10,
    AGGREGATION_RATIO: 1000,
    EMOJI_SHORT_CODES: [],
    CLUSTERS: 2,
    SUBSCRIBERS_PER_CLUSTER: 3,
    CLIENT_TTL_SECONDS: 600,
    DELIVERY_ALLOWED_HOSTS: ['localhost', '127.0.0.0/8', '::1'],
    DELIVERY_REFUSED_PORTS: [],
    DELIVERY_TIMEOUT_MS: 1000,
    DELIVERY_CONNECTS_PER_ADDRESS: 1000,
    DELIVERY_GIVE_UP_SECONDS: 30,
    DELIVERY_HANDSHAKE: 'none',
    WEBSOCKET_ENDPOINT: 'http://localhost:3001',
    ACK_TIMEOUT_MS: 5000,
    WINDOW_RETENTION_SECONDS: 86_400,
    EVENT_ID_TTL_SECONDS: 600,
    EVENT_ID_LIMIT: 500_000,
    MAX_EMOJIS_PER_ROOM: 64,
    RATE_USER_PER_SECOND: 20,
    RATE_USER_BURST: 40,
    RATE_ADDRESS_PER_SECOND: 100_000,
    RATE_ADDRESS_BURST: 200_000,
    RATE_ROOM_PER_SECOND: 0,
    RATE_ROOM_BURST: 0,
    RATE_REGISTER_PER_MINUTE: 60_000,
    RATE_DESTINATION_PER_MINUTE: 60,
    RATE_DESTINATION_HOST_PER_MINUTE: 6000,
    RATE_LIVE_PER_SECOND: 2000,
    RATE_LIMIT_WHEN_DOWN: 'open',
    MAX_ROOMS: 10_000,
    NEW_ROOMS_PER_USER: 50,
    NEW_ROOMS_PER_ADDRESS: 1000,
    MAX_CLIENTS: 100_000,
    MAX_CLIENTS_PER_ADDRESS: 10_000,
    MAX_IN_FLIGHT_RECORDS: 20_000,
    STAGE: 'local',
    AUTH_MODE: 'open',
    AUTH_ALLOW_OPEN: 'false',
    LIVE_PUBLIC: 'false',
    CORS_ORIGINS: LOCAL_ORIGINS,
    LOG_LEVEL: 'info',
  });
});

test('an empty value counts as not set', () => {
  const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));
  expect(loadConfig(empty)).toEqual(loadConfig({}));
});

test('values are read, and unknown variables are ignored', () => {
  const config = loadConfig({ KAFKA_BROKERS: 'a:1, b:65535', WINDOW_SECONDS: '5', PATH: '/bin', CLUSTERS: '1' });
  expect(config).toMatchObject({ KAFKA_BROKERS: ['a:1', 'b:65535'], WINDOW_SECONDS: 5, CLUSTERS: 1 });
  expect(config).not.toHaveProperty('PATH');
});

test('the configuration and its lists are frozen', () => {
  const config = loadConfig({ EMOJI_SHORT_CODES: ':goal:' });
  for (const value of [
    config,
    config.KAFKA_BROKERS,
    config.EMOJI_SHORT_CODES,
    config.DELIVERY_ALLOWED_HOSTS,
    config.DELIVERY_REFUSED_PORTS,
  ])
    expect(Object.isFrozen(value)).toBe(true);
});

const wholeNumber = (min: number, max: number) => ({
  bad: ['x', '1.5', '-1', ' 5', '1e3', String(max + 1), ...(min > 0 ? [String(min - 1)] : [])],
  good: [String(min), String(max)],
  expects: `a whole number from ${min} to ${max}`,
});
const flag = { bad: ['yes', 'TRUE', '1'], good: ['true', 'false'], expects: 'one of true, false' };
const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const rsaKey = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
const jwks = (...keys: unknown[]) => JSON.stringify({ keys });
const SECRET = 'a secret of thirty-two bytes, or…'; // the ellipsis has three
const CASES: Record<keyof typeof variables, { bad: string[]; good: string[]; expects: string }> = {
  KAFKA_BROKERS: {
    bad: [
      'localhost',
      'localhost:',
      ':9092',
      'a:0',
      'a:65536',
      'a:1,,b:2',
      'kafka://a:1',
      'a b:1',
      ',',
      '[::1]:9092',
      'u@a:1',
      'a%:1',
      'a..b:1',
      '-a:1',
      '"a":1',
      'a?:1',
      'a#:1',
    ],
    good: [
      'localhost:9092',
      'b-1.msk.aws:9098,b-2.msk.aws:9098',
      '127.0.0.1:1',
      'my_broker:9092',
      'a.b.:1',
      'bücher.example:1',
    ],
    expects: 'host:port pairs, separated by commas',
  },
  WEBSOCKET_ENDPOINT: {
    bad: ['localhost:3001', 'ws://localhost:3001', 'https://', 'http://a b'],
    good: ['http://localhost:3001', 'https://abc.execute-api.eu-west-1.amazonaws.com/prod'],
    expects: 'an http:// or https:// URL',
  },
  KAFKA_AUTH: { bad: ['tls', 'NONE'], good: ['none', 'iam'], expects: 'one of none, scram, iam' },
  KAFKA_USERNAME: { bad: [], good: ['u'], expects: 'a user name' },
  KAFKA_PASSWORD: { bad: [], good: ['p'], expects: 'a password' },
  REDIS_URL: {
    bad: [
      'localhost:6379',
      'http://localhost',
      'redis://',
      'redis://a:99999',
      'redis://a b',
      'redis://a,',
      'redis://a,b:6379',
      ...['redis://:100%@a', 'redis://100%:x@a', 'redis://:%ff@a', 'redis://a,redis://:%zz@b', 'redis://:pa#ss@a'],
      ...['redis://a/x', 'redis://a/1x', 'redis://a/-1', 'redis://a/1.5', 'redis://a/0/1', 'redis://a/1000000'],
      ...[
        'redis://a:0',
        'redis:///0',
        'redis://:p@/0',
        'redis://a?db=x',
        'redis://a/0#1',
        'redis://a%20b',
        'redis://a..b',
      ],
      ...['redis://[::g]', 'redis://-', 'Redis://a', 'redis://a?path=/tmp/redis.sock'],
    ],
    good: [
      ...['redis://localhost', 'redis://localhost/', 'rediss://:secret@cache.aws:6380/1', 'redis://u:100%25%40@a/15'],
      ...['redis://[::1]:6379', 'redis://127.0.0.1', 'redis://my_redis', 'redis://a?family=6', 'redis://u@a'],
    ],
    expects:
      'a redis:// or rediss:// URL such as rediss://user:password@host:6379/0, special characters percent-encoded; for a cluster several, separated by commas',
  },
  REDIS_MODE: { bad: ['Cluster', 'auto'], good: ['single', 'cluster'], expects: 'one of single, cluster' },
  WINDOW_SECONDS: wholeNumber(1, 3600),
  WATERMARK_SECONDS: wholeNumber(0, 3600),
  AGGREGATION_RATIO: wholeNumber(1, 1_000_000_000),
  EMOJI_SHORT_CODES: {
    bad: ['goal', ':Goal:', ':goal:,', '::'],
    good: [':goal:', ':goal:, :red_card:'],
    expects: 'short codes such as :goal:, separated by commas',
  },
  CLUSTERS: wholeNumber(1, 100),
  SUBSCRIBERS_PER_CLUSTER: wholeNumber(1, 1000),
  CLIENT_TTL_SECONDS: wholeNumber(1, 86_400),
  DELIVERY_ALLOWED_HOSTS: {
    bad: ['10.0.0.0/33', '10.0.0', 'a b', 'localhost,', 'http://a', '0x7f000001'],
    good: ['public', 'viewer.example.com, 10.0.0.0/8, fd12::/16, ::1, 192.0.2.7'],
    expects: 'host names, addresses or CIDR ranges, separated by commas; `public` for any public address',
  },
  DELIVERY_REFUSED_PORTS: {
    bad: ['0', '65536', '80,', 'x', '-1', '1.5'],
    good: ['1', '5013, 65535'],
    expects: 'port numbers, separated by commas',
  },
  DELIVERY_HANDSHAKE: { bad: ['NONCE', 'hmac'], good: ['none', 'nonce'], expects: 'one of none, nonce' },
  DELIVERY_TIMEOUT_MS: wholeNumber(50, 60_000),
  ACK_TIMEOUT_MS: wholeNumber(100, 60_000),
  WINDOW_RETENTION_SECONDS: wholeNumber(60, 31 * 86_400),
  EVENT_ID_TTL_SECONDS: wholeNumber(300, 86_400),
  EVENT_ID_LIMIT: wholeNumber(1, 100_000_000),
  MAX_EMOJIS_PER_ROOM: wholeNumber(1, 1000),
  RATE_USER_PER_SECOND: wholeNumber(0, 1_000_000_000),
  RATE_USER_BURST: wholeNumber(0, 1_000_000_000),
  RATE_ADDRESS_PER_SECOND: wholeNumber(0, 1_000_000_000),
  RATE_ADDRESS_BURST: wholeNumber(0, 1_000_000_000),
  RATE_ROOM_PER_SECOND: wholeNumber(0, 1_000_000_000),
  RATE_ROOM_BURST: wholeNumber(0, 1_000_000_000),
  RATE_REGISTER_PER_MINUTE: wholeNumber(0, 1_000_000_000),
  RATE_LIMIT_WHEN_DOWN: { bad: ['ajar', 'OPEN'], good: ['open', 'closed'], expects: 'one of open, closed' },
  DELIVERY_CONNECTS_PER_ADDRESS: wholeNumber(1, 1_000_000),
  DELIVERY_GIVE_UP_SECONDS: wholeNumber(0, 3600),
  DELIVERY_TCP: { bad: ['yes', 'ON'], good: ['on', 'off'], expects: 'one of on, off' },
  RATE_DESTINATION_PER_MINUTE: wholeNumber(0, 1_000_000_000),
  RATE_DESTINATION_HOST_PER_MINUTE: wholeNumber(0, 1_000_000_000),
  RATE_LIVE_PER_SECOND: wholeNumber(0, 1_000_000_000),
  MAX_ROOMS: wholeNumber(1, 10_000_000),
  NEW_ROOMS_PER_USER: wholeNumber(0, 10_000_000),
  NEW_ROOMS_PER_ADDRESS: wholeNumber(0, 10_000_000),
  MAX_CLIENTS: wholeNumber(1, 10_000_000),
  MAX_CLIENTS_PER_ADDRESS: wholeNumber(1, 10_000_000),
  MAX_IN_FLIGHT_RECORDS: wholeNumber(1000, 10_000_000),
  // Other stages need further variables, see below.
  STAGE: { bad: ['a b', '1st', 'prod_1', '-'], good: ['local'], expects: 'the name of a stage' },
  AUTH_MODE: { bad: ['none', 'JWT'], good: ['open'], expects: 'one of open, jwt' },
  AUTH_ALLOW_OPEN: flag,
  AUTH_SECRET: {
    bad: ['hunter2', 'x'.repeat(31)],
    good: ['x'.repeat(32), 'é'.repeat(16), SECRET],
    expects: 'a secret of at least 32 bytes',
  },
  AUTH_JWKS_URL: {
    bad: [
      'https://u:100%@idp/',
      'https://u@idp/',
      'http://idp.example.com/jwks',
      'idp.example.com',
      'ftp://localhost/',
      'http://localhost.example.com/',
      'x',
    ],
    good: ['https://idp.example.com/jwks', 'http://localhost:8080/jwks', 'http://127.0.0.1/', 'http://[::1]:1/'],
    expects: 'an https:// URL, or http:// on this machine',
  },
  AUTH_JWKS: {
    bad: [
      'x',
      '[]',
      '{}',
      jwks(),
      jwks(1),
      jwks({ kty: 'oct', k: 'c2VjcmV0' }),
      jwks(publicKey, { ...publicKey, d: 'private' }),
      ...[jwks({ kty: 'RSA' }), jwks({ kty: 'OKP' }), jwks({ ...publicKey, x: 'short' }), jwks({ ...publicKey, x: 1 })],
      ...[jwks({ ...publicKey, crv: 'P-256' }), jwks(publicKey, { ...rsaKey(2048), n: 7 }), jwks(rsaKey(1024))],
    ],
    good: [jwks(publicKey), jwks(publicKey, { ...rsaKey(2048), kid: '1' })],
    expects: 'a JSON Web Key Set of public RSA or OKP keys',
  },
  AUTH_ISSUER: { bad: [], good: ['https://idp.example.com/'], expects: 'a name or URL' },
  AUTH_AUDIENCE: { bad: [], good: ['emoji'], expects: 'a name or URL' },
  LIVE_PUBLIC: flag,
  CORS_ORIGINS: {
    bad: [
      'example.com',
      'https://a.example/',
      'https://a.example/x',
      'https://A.example',
      'null',
      'https://*',
      ',',
      'https://u:100%@a',
      'https://a:0x1',
      'https://a:99999',
      'https://a%',
    ],
    good: ['*', 'https://a.example', 'https://a.example, http://localhost:3000'],
    expects: 'origins such as https://app.example.com, separated by commas; `*` only on the local stage',
  },
  LOG_LEVEL: { bad: ['debug', 'INFO'], good: ['silent', 'warn'], expects: 'one of info, warn, error, silent' },
};
const each = (kind: 'good' | 'bad') =>
  Object.entries(CASES).flatMap(([name, one]) => one[kind].map((value) => [name, value, one.expects] as const));

describe('an invalid value is rejected with one line that says the variable and what it must be', () => {
  test.each(each('bad'))('%s=%j', (name, value, expects) => {
    const { code, message, details } = errorOf({ [name]: value });
    const secret = ['REDIS_URL', 'AUTH_SECRET', 'AUTH_JWKS_URL', 'AUTH_JWKS'].includes(name);
    const shown = secret ? 'the value is not shown' : `it is ${JSON.stringify(value)}`;
    expect({ code, message }).toEqual({ code: 'invalid_config', message: `${name} must be ${expects} (${shown})` });
    expect(details).toEqual([{ path: name, message }]);
  });
  test.each(each('good'))('%s=%s is accepted', (name, value) => {
    expect(loadConfig({ [name]: value })).toHaveProperty(name);
  });
});

test('each of several bad values gets its own line', () => {
  const { message } = errorOf({ WINDOW_SECONDS: '0', LOG_LEVEL: 'loud' });
  expect(message.split('\n').map((line) => line.split(' ')[0])).toEqual(['WINDOW_SECONDS', 'LOG_LEVEL']);
});

test('scram needs a user and a password', () => {
  expect(errorOf({ KAFKA_AUTH: 'scram' }).message).toBe(
    'KAFKA_USERNAME must be a user name (it is not set)\nKAFKA_PASSWORD must be a password (it is not set)',
  );
  expect(loadConfig({ KAFKA_AUTH: 'scram', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }).KAFKA_PASSWORD).toBe('p');
});

test.each<[string, Record<string, string>, string]>([
  [
    'several servers without REDIS_MODE=cluster',
    { REDIS_URL: 'redis://a,redis://b' },
    'REDIS_URL must name one server, or REDIS_MODE must be cluster (it names several)',
  ],
  [
    'a database number with a cluster',
    { REDIS_MODE: 'cluster', REDIS_URL: 'redis://a,redis://b/2' },
    'REDIS_URL must not choose a database with REDIS_MODE=cluster: a cluster has only 0',
  ],
  [
    'nodes with different passwords',
    { REDIS_MODE: 'cluster', REDIS_URL: 'rediss://:hunter2@a,rediss://:hunter3@b' },
    'REDIS_URL must name all nodes with the same scheme, user and password',
  ],
])('an invalid Redis configuration is rejected: %s', (_what, env, message) => {
  expect(errorOf(env).message).toBe(message);
});

test('a Redis Cluster is configured with some of its nodes', () => {
  const REDIS_URL = 'rediss://u:p@a:6379, rediss://u:p@b/0';
  expect(loadConfig({ REDIS_MODE: 'cluster', REDIS_URL })).toMatchObject({ REDIS_MODE: 'cluster', REDIS_URL });
  expect(loadConfig({ REDIS_MODE: 'cluster' }).REDIS_MODE).toBe('cluster');
});

test('error messages never contain secrets', () => {
  const { message } = errorOf({
    REDIS_URL: 'rediss//user:hunter2@cache',
    KAFKA_AUTH: 'x',
    KAFKA_PASSWORD: 'hunter2',
    AUTH_SECRET: 'hunter2',
    AUTH_JWKS_URL: 'http://user:hunter2@idp.example.com/',
    AUTH_JWKS: jwks({ kty: 'oct', k: 'hunter2' }),
  });
  expect(message).toContain('REDIS_URL');
  expect(message).toContain('AUTH_SECRET');
  expect(message).not.toContain('hunter2');
});

describe('authentication settings', () => {
  const jwt = (env: Record<string, string>) => ({ AUTH_MODE: 'jwt', ...env });
  const url = { AUTH_JWKS_URL: 'https://idp.example.com/jwks' };
  const inline = { AUTH_JWKS: jwks(publicKey) };
  const audience = { AUTH_AUDIENCE: 'emoji' };
  const secret = { AUTH_SECRET: SECRET };

  test.each<[string, Record<string, string>]>([
    ['a secret', jwt(secret)],
    ['the URL of a key set', jwt({ ...url, ...audience })],
    ['a key set', jwt({ ...inline, ...audience })],
    ['a secret, on a deployed stage', jwt({ ...secret, STAGE: 'prod' })],
    ['open on a deployed stage with AUTH_ALLOW_OPEN=true', { STAGE: 'prod', AUTH_ALLOW_OPEN: 'true' }],
    ['any origin on the local stage', { CORS_ORIGINS: '*' }],
  ])('accepted: %s', (_what, env) => {
    expect(loadConfig(env)).toMatchObject({ AUTH_MODE: env.AUTH_MODE ?? 'open' });
  });

  const open =
    'AUTH_MODE must be jwt on stage prod, or AUTH_ALLOW_OPEN must be true (it is open: anybody could tap and watch)';
  const one = (name: string, other: string, set = 2) =>
    `${name} must not be set beside ${other}: tokens are checked with one kind of key (${set} are set)`;
  const needsAudience = (name: string) =>
    `AUTH_AUDIENCE must be set beside ${name}, whose keys may sign for other services too (it is not set)`;
  test.each<[string, Record<string, string>, string[]]>([
    ['the default (open) on a deployed stage', { STAGE: 'prod' }, [open]],
    [
      'open on a deployed stage with AUTH_ALLOW_OPEN=false',
      { STAGE: 'prod', AUTH_MODE: 'open', AUTH_ALLOW_OPEN: 'false' },
      [open],
    ],
    ['no key', jwt({}), ['AUTH_SECRET, AUTH_JWKS_URL or AUTH_JWKS must be set for AUTH_MODE=jwt (none is)']],
    ['a secret and a key set URL', jwt({ ...secret, ...url }), [one('AUTH_JWKS_URL', 'AUTH_SECRET')]],
    ['a secret and a key set', jwt({ ...secret, ...inline, ...audience }), [one('AUTH_JWKS', 'AUTH_SECRET')]],
    ['a key set and a key set URL', jwt({ ...inline, ...url, ...audience }), [one('AUTH_JWKS', 'AUTH_JWKS_URL')]],
    ['all three', jwt({ ...secret, ...inline, ...url }), [one('AUTH_JWKS_URL', 'AUTH_SECRET', 3)]],
    ['a key set URL without an audience', jwt(url), [needsAudience('AUTH_JWKS_URL')]],
    ['a key set without an audience', jwt(inline), [needsAudience('AUTH_JWKS')]],
    [
      'any origin on a deployed stage',
      jwt({ ...secret, STAGE: 'prod', CORS_ORIGINS: 'https://a.example, *' }),
      ['CORS_ORIGINS must name its origins on stage prod (it holds "*")'],
    ],
  ])('rejected: %s', (_what, env, lines) => {
    const { code, message, details } = errorOf(env);
    expect({ code, lines: message.split('\n') }).toEqual({ code: 'invalid_config', lines });
    expect(details.map((detail) => detail.message)).toEqual(lines);
    expect(message).not.toContain(SECRET);
  });

  test('a bad secret is reported in one line', () => {
    expect(errorOf(jwt({ AUTH_SECRET: 'short' })).message).toBe(
      'AUTH_SECRET must be a secret of at least 32 bytes (the value is not shown)',
    );
  });
});

test('a window retention shorter than window and watermark together is rejected', () => {
  expect(() => loadConfig({ WINDOW_SECONDS: '3600', WINDOW_RETENTION_SECONDS: '3609' })).toThrow(
    'WINDOW_RETENTION_SECONDS must be at least WINDOW_SECONDS and WATERMARK_SECONDS together (it is less)',
  );
  expect(loadConfig({ WINDOW_SECONDS: '3600', WINDOW_RETENTION_SECONDS: '3610' }).WINDOW_SECONDS).toBe(3600);
});

test('a window retention shorter than that of emoji_topic is allowed: it saves memory', () => {
  expect(loadConfig({ WINDOW_RETENTION_SECONDS: '3600' }).WINDOW_RETENTION_SECONDS * 1000).toBeLessThan(
    REACTION_RETENTION_MS,
  );
});
