import { describe, expect, test } from '@jest/globals';
import { loadConfig, variables } from './config.ts';
import type { PlatformError } from './errors.ts';

const refusal = (env: Record<string, string>): PlatformError => {
  try {
    loadConfig(env);
  } catch (error) {
    return error as PlatformError;
  }
  throw new Error(`was accepted: ${JSON.stringify(env)}`);
};

test('nothing set: the documented defaults', () => {
  expect(loadConfig({})).toEqual({
    KAFKA_BROKERS: ['localhost:9092'],
    KAFKA_AUTH: 'none',
    REDIS_URL: 'redis://localhost:6379',
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
    DELIVERY_HANDSHAKE: 'none',
    ACK_TIMEOUT_MS: 5000,
    WINDOW_RETENTION_SECONDS: 86_400,
    LOG_LEVEL: 'info',
  });
});

test('an empty value counts as not set', () => {
  const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));
  expect(loadConfig(empty)).toEqual(loadConfig({}));
});

test('values are read; what is no variable of ours is left alone', () => {
  const config = loadConfig({ KAFKA_BROKERS: 'a:1, b:65535', WINDOW_SECONDS: '5', PATH: '/bin', CLUSTERS: '1' });
  expect(config).toMatchObject({ KAFKA_BROKERS: ['a:1', 'b:65535'], WINDOW_SECONDS: 5, CLUSTERS: 1 });
  expect(config).not.toHaveProperty('PATH');
});

test('the configuration is frozen, its lists too', () => {
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
const CASES: Record<keyof typeof variables, { bad: string[]; good: string[]; expects: string }> = {
  KAFKA_BROKERS: {
    bad: ['localhost', 'localhost:', ':9092', 'a:0', 'a:65536', 'a:1,,b:2', 'kafka://a:1', 'a b:1', ','],
    good: ['localhost:9092', 'b-1.msk.aws:9098,b-2.msk.aws:9098'],
    expects: 'host:port pairs, separated by commas',
  },
  KAFKA_AUTH: { bad: ['tls', 'NONE'], good: ['none', 'iam'], expects: 'one of none, scram, iam' },
  KAFKA_USERNAME: { bad: [], good: ['u'], expects: 'a user name' },
  KAFKA_PASSWORD: { bad: [], good: ['p'], expects: 'a password' },
  REDIS_URL: {
    bad: ['localhost:6379', 'http://localhost', 'redis://', 'redis://a:99999', 'redis://a b'],
    good: ['redis://localhost', 'rediss://:secret@cache.aws:6380/1'],
    expects: 'a redis:// or rediss:// URL',
  },
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
  LOG_LEVEL: { bad: ['debug', 'INFO'], good: ['silent', 'warn'], expects: 'one of info, warn, error, silent' },
};
const each = (kind: 'good' | 'bad') =>
  Object.entries(CASES).flatMap(([name, one]) => one[kind].map((value) => [name, value, one.expects] as const));

describe('a bad value is refused by one line that names the variable and what it should be', () => {
  test.each(each('bad'))('%s=%j', (name, value, expects) => {
    const { code, message, details } = refusal({ [name]: value });
    const shown = name === 'REDIS_URL' ? 'the value is not shown' : `it is ${JSON.stringify(value)}`;
    expect({ code, message }).toEqual({ code: 'invalid_config', message: `${name} must be ${expects} (${shown})` });
    expect(details).toEqual([{ path: name, message }]);
  });
  test.each(each('good'))('while %s=%s is accepted', (name, value) => {
    expect(loadConfig({ [name]: value })).toHaveProperty(name);
  });
});

test('several bad values: a line each', () => {
  const { message } = refusal({ WINDOW_SECONDS: '0', LOG_LEVEL: 'loud' });
  expect(message.split('\n').map((line) => line.split(' ')[0])).toEqual(['WINDOW_SECONDS', 'LOG_LEVEL']);
});

test('scram needs a user and a password', () => {
  expect(refusal({ KAFKA_AUTH: 'scram' }).message).toBe(
    'KAFKA_USERNAME must be a user name (it is not set)\nKAFKA_PASSWORD must be a password (it is not set)',
  );
  expect(loadConfig({ KAFKA_AUTH: 'scram', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }).KAFKA_PASSWORD).toBe('p');
});

test('no complaint shows a secret', () => {
  const { message } = refusal({ REDIS_URL: 'rediss//user:hunter2@cache', KAFKA_AUTH: 'x', KAFKA_PASSWORD: 'hunter2' });
  expect(message).toContain('REDIS_URL');
  expect(message).not.toContain('hunter2');
});
