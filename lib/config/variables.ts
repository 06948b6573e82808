import { z } from 'zod';
import { LOCAL_ORIGINS, LOCAL_STAGE } from './stages.ts';
import { isAllowListEntry } from './allow-list.ts';
import { areRedisUrls, redisProblems } from './redis-nodes.ts';
import { authProblems, isKeyUrl, isOrigin, MIN_SECRET_BYTES, publicKeys } from './auth.ts';
import { isHost } from './hosts.ts';
import { PlatformError } from '../errors.ts';
import { LOG_LEVELS } from '../log.ts';

/** What a variable must be, in words: the end of the sentence "NAME must be …". */
const expects = (words: string, description: string) => ({ expects: words, description });

const wholeNumber = (min: number, max: number, fallback: number, description: string) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .default(fallback)
    .meta(expects(`a whole number from ${min} to ${max}`, description));

const listOf = (item: z.ZodType<string, string>, words: string, fallback: string[], description: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1))
    .default(fallback)
    .readonly()
    .meta(expects(words, description));

const oneOf = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number], description: string) =>
  z
    .enum(values)
    .default(fallback as never)
    .meta(expects(`one of ${values.join(', ')}`, description));

const isPort = (text: string) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
/** kafkajs knows no addresses of IPv6. */
const isHostAndPort = (text: string) => {
  const [host = '', port = '', ...more] = text.split(':');
  return isHost(host) && isPort(port) && more.length === 0;
};
const SHORT_CODE = /^:[a-z0-9_+-]{1,32}:$/;

/** The whole configuration of the platform: one entry a variable; the README's table is made from it. */
export const variables = {
  KAFKA_BROKERS: listOf(
    z.string().refine(isHostAndPort),
    'host:port pairs, separated by commas',
    ['localhost:9092'],
    'Brokers to connect to first.',
  ),
  KAFKA_AUTH: oneOf(
    ['none', 'scram', 'iam'],
    'none',
    'How clients log in: not at all, SASL/SCRAM-SHA-512 or AWS IAM. The last two use TLS.',
  ),
  KAFKA_USERNAME: z.string().optional().meta(expects('a user name', 'User for `KAFKA_AUTH=scram`.')),
  KAFKA_PASSWORD: z.string().optional().meta(expects('a password', 'Password for `KAFKA_AUTH=scram`.')),
  REDIS_URL: z
    .string()
    .refine(areRedisUrls)
    .default('redis://localhost:6379')
    .meta(
      expects(
        'a redis:// or rediss:// URL such as rediss://user:password@host:6379/0, special characters percent-encoded; of a cluster several may be given, separated by commas',
        'Redis for counts and registry: a server, or nodes of a Redis Cluster to connect to first.',
      ),
    ),
  REDIS_MODE: oneOf(
    ['single', 'cluster'],
    'single',
    'Whether `REDIS_URL` is one server (or the primary of one replicated) or a Redis Cluster.',
  ),
  WINDOW_SECONDS: wholeNumber(1, 3600, 2, 'Length of a tumbling window.'),
  WATERMARK_SECONDS: wholeNumber(0, 3600, 10, 'A tap whose timestamp is older than this when it is received is late.'),
  AGGREGATION_RATIO: wholeNumber(1, 1_000_000_000, 1000, '`scaled_count` is `raw_count` divided by this, rounded up.'),
  EMOJI_SHORT_CODES: listOf(
    z.string().regex(SHORT_CODE),
    'short codes such as :goal:, separated by commas',
    [],
    'Custom reactions that are accepted beside the emojis.',
  ),
  CLUSTERS: wholeNumber(1, 100, 2, 'Clusters of subscribers; each has a topic.'),
  SUBSCRIBERS_PER_CLUSTER: wholeNumber(1, 1000, 3, 'Subscribers in a new cluster; each has a partition of its topic.'),
  CLIENT_TTL_SECONDS: wholeNumber(
    1,
    86_400,
    600,
    'A client that does not register again within this time is forgotten.',
  ),
  DELIVERY_ALLOWED_HOSTS: listOf(
    z.string().refine(isAllowListEntry),
    'host names, addresses or CIDR ranges, separated by commas; `public` for any public address',
    ['localhost', '127.0.0.0/8', '::1'],
    'Where updates may be delivered over TCP. `public` allows any public address.',
  ),
  DELIVERY_REFUSED_PORTS: listOf(
    z.string().refine(isPort),
    'port numbers, separated by commas',
    [],
    'Ports to which nothing is delivered on any host, beside those of `KAFKA_BROKERS` and `REDIS_URL`.',
  ),
  DELIVERY_TIMEOUT_MS: wholeNumber(50, 60_000, 1000, 'A connection that is not open after this is a failed delivery.'),
  DELIVERY_HANDSHAKE: oneOf(
    ['none', 'nonce'],
    'none',
    'Whether a client must answer a challenge on each connection before it gets updates.',
  ),
  ACK_TIMEOUT_MS: wholeNumber(100, 60_000, 5000, 'A tap that the broker has not acknowledged by then is answered 503.'),
  WINDOW_RETENTION_SECONDS: wholeNumber(
    60,
    31 * 86_400,
    86_400,
    'How long a window can still be corrected; keep it at or above the retention of `emoji_topic` (24 h).',
  ),
  EVENT_ID_TTL_SECONDS: wholeNumber(
    300,
    86_400,
    600,
    'A tap that is sent again with the same `event_id` within this time counts once.',
  ),
  EVENT_ID_LIMIT: wholeNumber(
    1,
    100_000_000,
    500_000,
    'Of each partition and bucket of rooms at least so many `event_id`s are remembered, and at most twice as many.',
  ),
  MAX_EMOJIS_PER_ROOM: wholeNumber(
    1,
    1000,
    64,
    'Kinds of emojis that a room shows, the first ones tapped; the rest is counted together as `:other:`.',
  ),
  RATE_USER_PER_SECOND: wholeNumber(0, 1_000_000_000, 20, 'Taps a second that a user may send; 0 = no limit.'),
  RATE_USER_BURST: wholeNumber(0, 1_000_000_000, 40, 'Taps that a user may send at once; at least those of a second.'),
  RATE_ADDRESS_PER_SECOND: wholeNumber(
    0,
    1_000_000_000,
    100_000,
    'Taps a second from one address; 0 = no limit. A stadium may share one.',
  ),
  RATE_ADDRESS_BURST: wholeNumber(0, 1_000_000_000, 200_000, 'Taps at once from one address.'),
  RATE_ROOM_PER_SECOND: wholeNumber(0, 1_000_000_000, 0, 'Taps a second that a room may get; 0 = no limit.'),
  RATE_ROOM_BURST: wholeNumber(0, 1_000_000_000, 0, 'Taps at once that a room may get.'),
  RATE_REGISTER_PER_MINUTE: wholeNumber(
    0,
    1_000_000_000,
    60_000,
    'Calls of `/register` a minute from one address; 0 = no limit.',
  ),
  RATE_LIMIT_WHEN_DOWN: oneOf(
    ['open', 'closed'],
    'open',
    'While Redis does not answer: taps are taken without limits (`open`), or answered 503.',
  ),
  MAX_ROOMS: wholeNumber(1, 10_000_000, 10_000, 'Rooms that may be active within a day.'),
  MAX_CLIENTS: wholeNumber(1, 10_000_000, 100_000, 'Clients that may be registered.'),
  MAX_CLIENTS_PER_ADDRESS: wholeNumber(1, 10_000_000, 10_000, 'Clients that one address may have registered.'),
  MAX_IN_FLIGHT_RECORDS: wholeNumber(
    1000,
    10_000_000,
    20_000,
    'Taps (of up to 1 KiB) that a process of ingest may be writing; for more it answers 503.',
  ),
  STAGE: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .default(LOCAL_STAGE)
    .meta(expects('the name of a stage', 'The stage that the functions run in; the deployment sets it.')),
  AUTH_MODE: oneOf(
    ['open', 'jwt'],
    'open',
    'Who may tap and watch: everybody, or whoever has a token that says so. `open` is for the local stage.',
  ),
  AUTH_ALLOW_OPEN: oneOf(['true', 'false'], 'false', '`true` lets a deployed stage start with `AUTH_MODE=open`.'),
  AUTH_SECRET: z
    .string()
    .refine((text) => Buffer.byteLength(text) >= MIN_SECRET_BYTES)
    .optional()
    .meta(expects(`a secret of at least ${MIN_SECRET_BYTES} bytes`, 'Signs and checks tokens (HS256).')),
  AUTH_JWKS_URL: z
    .string()
    .refine(isKeyUrl)
    .transform((text) => new URL(text))
    .optional()
    .meta(
      expects(
        'an https:// URL, or http:// on this machine',
        'Where the public keys are that tokens are checked with (RS256, EdDSA).',
      ),
    ),
  AUTH_JWKS: publicKeys
    .optional()
    .meta(expects('a JSON Web Key Set of public RSA or OKP keys', 'Those keys themselves, instead of their address.')),
  AUTH_ISSUER: z.string().optional().meta(expects('a name or URL', 'The `iss` that a token must have.')),
  AUTH_AUDIENCE: z
    .string()
    .optional()
    .meta(expects('a name or URL', 'The `aud` that a token must have; a must with a key set.')),
  LIVE_PUBLIC: oneOf(
    ['true', 'false'],
    'false',
    '`true`: with `AUTH_MODE=jwt`, `GET /live` asks for no token, so that a CDN can answer it.',
  ),
  CORS_ORIGINS: listOf(
    z.string().refine(isOrigin),
    'origins such as https://app.example.com, separated by commas; `*` only on the local stage',
    LOCAL_ORIGINS,
    'Pages that may call the API. A deployed stage has no default.',
  ),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info', 'The least severe lines that are written.'),
} as const;

const schema = z.object(variables);

export type Config = Readonly<z.infer<typeof schema>>;

/** A URL may hold a password, and what was meant to be a set of public keys a private one. */
const SECRET = /PASSWORD|SECRET|URL|JWKS/;

const complain = (name: string, given: string | undefined): string => {
  const { expects: words } = variables[name as keyof typeof variables].meta() as { expects: string };
  const shown =
    given === undefined
      ? 'it is not set'
      : SECRET.test(name)
        ? 'the value is not shown'
        : `it is ${JSON.stringify(given)}`;
  return `${name} must be ${words} (${shown})`;
};

/** A window that is removed while taps of it are still counted would show less than it holds. */
const RETENTION_TOO_SHORT = [
  'WINDOW_RETENTION_SECONDS',
  'WINDOW_RETENTION_SECONDS must be at least WINDOW_SECONDS and WATERMARK_SECONDS together (it is less)',
] as const;

/** What is set of the variables; an empty value counts as not set. */
const givenIn = (env: Record<string, string | undefined>): Record<string, string | undefined> =>
  Object.fromEntries(Object.keys(variables).flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

/** A sentence for each variable that is bad by itself, whatever else is set or is not. */
export const badVariables = (env: Record<string, string | undefined>): string[] => {
  const given = givenIn(env);
  const issues = schema.safeParse(given).error?.issues ?? [];
  return [...new Set(issues.map(({ path }) => String(path[0])))].map((name) => complain(name, given[name]));
};

/**
 * Reads the configuration from the environment. An empty value counts as not set.
 * @throws PlatformError `invalid_config`, one line a bad variable, naming it and what it should be.
 */
export const loadConfig = (env: Record<string, string | undefined>): Config => {
  const given = givenIn(env);
  const parsed = schema.safeParse(given);
  const bad = new Set(parsed.success ? [] : parsed.error.issues.map(({ path }) => String(path[0])));
  if (given.KAFKA_AUTH === 'scram')
    for (const name of ['KAFKA_USERNAME', 'KAFKA_PASSWORD']) if (!given[name]) bad.add(name);
  const tooShort =
    parsed.success && parsed.data.WINDOW_RETENTION_SECONDS < parsed.data.WINDOW_SECONDS + parsed.data.WATERMARK_SECONDS;
  const problems: (readonly [string, string])[] = [
    ...[...bad].map((name) => [name, complain(name, given[name])] as const),
    // What does not fit together is told once each is right by itself.
    ...(bad.size > 0 ? [] : [...authProblems(given), ...redisProblems(given)]),
    ...(tooShort ? [RETENTION_TOO_SHORT] : []),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new PlatformError('invalid_config', problems.map(([, line]) => line).join('\n'), {
      details: problems.map(([path, message]) => ({ path, message })),
    });
  }
  return Object.freeze(parsed.data);
};
