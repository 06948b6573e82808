import { z } from 'zod';
import { LOCAL_ORIGINS, LOCAL_STAGE } from './stages.ts';
import { isAllowListEntry } from './allow-list.ts';
import { areRedisUrls, redisProblems } from './redis-nodes.ts';
import { authProblems, isKeyUrl, isOrigin, MIN_SECRET_BYTES, publicKeys } from './auth.ts';
import { isHost } from './hosts.ts';
import { PlatformError } from '../errors.ts';
import { LOG_LEVELS } from '../log.ts';

/** `words` completes the error message "NAME must be …"; `description` is the variable's text in the README. */
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
/** IPv6 addresses are rejected: kafkajs does not support them. */
const isHostAndPort = (text: string) => {
  const [host = '', port = '', ...more] = text.split(':');
  return isHost(host) && isPort(port) && more.length === 0;
};
const isHttpUrl = (text: string) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
const SHORT_CODE = /^:[a-z0-9_+-]{1,32}:$/;

/** The whole configuration of the platform, one entry per variable. The README's table is generated from it. */
export const variables = {
  KAFKA_BROKERS: listOf(
    z.string().refine(isHostAndPort),
    'host:port pairs, separated by commas',
    ['localhost:9092'],
    'Bootstrap brokers.',
  ),
  KAFKA_AUTH: oneOf(
    ['none', 'scram', 'iam'],
    'none',
    'Authentication at the brokers: none, SASL/SCRAM-SHA-512 or AWS IAM. The last two use TLS.',
  ),
  KAFKA_USERNAME: z.string().optional().meta(expects('a user name', 'User for `KAFKA_AUTH=scram`.')),
  KAFKA_PASSWORD: z.string().optional().meta(expects('a password', 'Password for `KAFKA_AUTH=scram`.')),
  REDIS_URL: z
    .string()
    .refine(areRedisUrls)
    .default('redis://localhost:6379')
    .meta(
      expects(
        'a redis:// or rediss:// URL such as rediss://user:password@host:6379/0, special characters percent-encoded; for a cluster several, separated by commas',
        'Redis server for counts and the registry, or initial nodes of a Redis Cluster.',
      ),
    ),
  REDIS_MODE: oneOf(
    ['single', 'cluster'],
    'single',
    'Whether `REDIS_URL` is a single server (or the primary of a replicated one) or a Redis Cluster.',
  ),
  WINDOW_SECONDS: wholeNumber(1, 3600, 2, 'Length of a tumbling window.'),
  WATERMARK_SECONDS: wholeNumber(0, 3600, 10, 'A tap that arrives more than this after its timestamp is late.'),
  AGGREGATION_RATIO: wholeNumber(1, 1_000_000_000, 1000, '`scaled_count` is `raw_count` divided by this, rounded up.'),
  EMOJI_SHORT_CODES: listOf(
    z.string().regex(SHORT_CODE),
    'short codes such as :goal:, separated by commas',
    [],
    'Custom reactions that are accepted in addition to emojis.',
  ),
  CLUSTERS: wholeNumber(1, 100, 2, 'Number of clusters of subscribers; each has a topic.'),
  SUBSCRIBERS_PER_CLUSTER: wholeNumber(
    1,
    1000,
    3,
    'Number of subscribers in a new cluster; each has a partition of its topic.',
  ),
  CLIENT_TTL_SECONDS: wholeNumber(
    1,
    86_400,
    600,
    'A registration ends after this time unless the client registers again.',
  ),
  DELIVERY_TCP: z
    .enum(['on', 'off'])
    .optional()
    .meta(
      expects(
        'one of on, off',
        'Delivery over TCP, for servers and clients in the same network. Without it, on for the local stage and off for a deployed one: AWS Lambda can not keep many connections.',
      ),
    ),
  DELIVERY_ALLOWED_HOSTS: listOf(
    z.string().refine(isAllowListEntry),
    'host names, addresses or CIDR ranges, separated by commas; `public` for any public address',
    ['localhost', '127.0.0.0/8', '::1'],
    'Hosts to which updates may be delivered over TCP. `public` allows any public address.',
  ),
  DELIVERY_REFUSED_PORTS: listOf(
    z.string().refine(isPort),
    'port numbers, separated by commas',
    [],
    'Ports to which nothing is delivered, in addition to those of `KAFKA_BROKERS` and `REDIS_URL`.',
  ),
  DELIVERY_TIMEOUT_MS: wholeNumber(
    50,
    60_000,
    1000,
    'A delivery fails when the connection to the client is not open after this time.',
  ),
  DELIVERY_CONNECTS_PER_ADDRESS: wholeNumber(
    1,
    1_000_000,
    1000,
    'Connections a second that one process opens to one address; further ones wait. With `DELIVERY_ALLOWED_HOSTS=public` set it low.',
  ),
  DELIVERY_GIVE_UP_SECONDS: wholeNumber(
    0,
    3600,
    30,
    'A client is unregistered when deliveries to it have failed for this time, and at least three times.',
  ),
  DELIVERY_HANDSHAKE: oneOf(
    ['none', 'nonce'],
    'none',
    'Whether a client must answer a challenge on each connection before it gets updates.',
  ),
  WEBSOCKET_ENDPOINT: z
    .string()
    .refine(isHttpUrl)
    .default('http://localhost:3001')
    .meta(
      expects(
        'an http:// or https:// URL',
        'API Gateway endpoint that sends to WebSocket connections. The deployment, or `npm start`, sets it.',
      ),
    ),
  ACK_TIMEOUT_MS: wholeNumber(
    100,
    60_000,
    5000,
    'A tap that the broker has not acknowledged after this time is answered 503.',
  ),
  WINDOW_RETENTION_SECONDS: wholeNumber(
    60,
    31 * 86_400,
    86_400,
    'How long the counts of a window are kept; by default as long as taps can be read again. A tap that is counted later, after an outage, counts only in its room’s totals.',
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
    'How many `event_id`s are remembered per partition and bucket of rooms; at times up to twice as many.',
  ),
  MAX_EMOJIS_PER_ROOM: wholeNumber(
    1,
    1000,
    64,
    'How many different emojis a room shows, in the order of their first tap; all others are counted as `:other:`.',
  ),
  RATE_USER_PER_SECOND: wholeNumber(0, 1_000_000_000, 20, 'Taps per second of a user; 0 = no limit.'),
  RATE_USER_BURST: wholeNumber(0, 1_000_000_000, 40, 'Taps of a user at once; at least `RATE_USER_PER_SECOND`.'),
  RATE_ADDRESS_PER_SECOND: wholeNumber(
    0,
    1_000_000_000,
    100_000,
    'Taps per second from an address, which a whole stadium may share; 0 = no limit.',
  ),
  RATE_ADDRESS_BURST: wholeNumber(0, 1_000_000_000, 200_000, 'Taps at once from an address.'),
  RATE_ROOM_PER_SECOND: wholeNumber(0, 1_000_000_000, 0, 'Taps per second in a room; 0 = no limit.'),
  RATE_ROOM_BURST: wholeNumber(0, 1_000_000_000, 0, 'Taps at once in a room.'),
  RATE_REGISTER_PER_MINUTE: wholeNumber(
    0,
    1_000_000_000,
    60_000,
    'Calls of `/register` per minute from an address; 0 = no limit.',
  ),
  RATE_DESTINATION_PER_MINUTE: wholeNumber(
    0,
    1_000_000_000,
    60,
    'Registrations a minute that name the same host and port; 0 = no limit.',
  ),
  RATE_DESTINATION_HOST_PER_MINUTE: wholeNumber(
    0,
    1_000_000_000,
    6000,
    'Registrations a minute that name the same host; 0 = no limit. With `DELIVERY_ALLOWED_HOSTS=public` set it low.',
  ),
  RATE_LIVE_PER_SECOND: wholeNumber(
    0,
    1_000_000_000,
    2000,
    'Calls of `/live` a second from one address, twice as many at once; 0 = no limit. A CDN calls from few addresses.',
  ),
  RATE_LIMIT_WHEN_DOWN: oneOf(
    ['open', 'closed'],
    'open',
    'While Redis does not answer, taps are accepted without limits (`open`) or answered 503 (`closed`).',
  ),
  MAX_ROOMS: wholeNumber(1, 10_000_000, 10_000, 'Maximum number of rooms active within an hour.'),
  NEW_ROOMS_PER_USER: wholeNumber(
    0,
    10_000_000,
    50,
    'Inactive rooms that a user may make active within an hour; 0 = no limit.',
  ),
  NEW_ROOMS_PER_ADDRESS: wholeNumber(
    0,
    10_000_000,
    1000,
    'The same for an address; 0 = no limit. Keep it below `MAX_ROOMS`, so that one address can not use up all rooms.',
  ),
  MAX_CLIENTS: wholeNumber(1, 10_000_000, 100_000, 'Maximum number of registered clients.'),
  MAX_CLIENTS_PER_ADDRESS: wholeNumber(1, 10_000_000, 10_000, 'Maximum number of clients registered from an address.'),
  MAX_IN_FLIGHT_RECORDS: wholeNumber(
    1000,
    10_000_000,
    20_000,
    'Taps (of up to 1 KiB) that one ingest process writes at the same time; further ones are answered 503.',
  ),
  STAGE: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .default(LOCAL_STAGE)
    .meta(expects('the name of a stage', 'Stage of the deployment, which sets it.')),
  AUTH_MODE: oneOf(
    ['open', 'jwt'],
    'open',
    'Who may tap and watch: everybody (`open`, for the local stage) or callers with a token (`jwt`).',
  ),
  AUTH_ALLOW_OPEN: oneOf(['true', 'false'], 'false', '`true` allows `AUTH_MODE=open` on a deployed stage.'),
  AUTH_SECRET: z
    .string()
    .refine((text) => Buffer.byteLength(text) >= MIN_SECRET_BYTES)
    .optional()
    .meta(expects(`a secret of at least ${MIN_SECRET_BYTES} bytes`, 'Secret that signs and verifies tokens (HS256).')),
  AUTH_JWKS_URL: z
    .string()
    .refine(isKeyUrl)
    .transform((text) => new URL(text))
    .optional()
    .meta(
      expects(
        'an https:// URL, or http:// on this machine',
        'URL of the public keys that verify tokens (RS256, EdDSA).',
      ),
    ),
  AUTH_JWKS: publicKeys
    .optional()
    .meta(expects('a JSON Web Key Set of public RSA or OKP keys', 'The public keys themselves, instead of their URL.')),
  AUTH_ISSUER: z.string().optional().meta(expects('a name or URL', 'The `iss` that a token must have.')),
  AUTH_AUDIENCE: z
    .string()
    .optional()
    .meta(expects('a name or URL', 'The `aud` that a token must have; required with a key set.')),
  LIVE_PUBLIC: oneOf(
    ['true', 'false'],
    'false',
    '`true`: `GET /live` needs no token with `AUTH_MODE=jwt`, so that a CDN can cache it.',
  ),
  CORS_ORIGINS: listOf(
    z.string().refine(isOrigin),
    'origins such as https://app.example.com, separated by commas; `*` only on the local stage',
    LOCAL_ORIGINS,
    'Web pages that may call the API. A deployed stage has no default.',
  ),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info', 'Least severe level that is logged.'),
} as const;

const schema = z.object(variables);

export type Config = Readonly<z.infer<typeof schema>>;

/** Values that are never shown: a URL may hold a password, and a key set may hold a private key by mistake. */
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

/** Without any outage, a window would be removed before its taps are counted. */
const RETENTION_TOO_SHORT = [
  'WINDOW_RETENTION_SECONDS',
  'WINDOW_RETENTION_SECONDS must be at least WINDOW_SECONDS and WATERMARK_SECONDS together (it is less)',
] as const;

/** The variables that are set; an empty value counts as not set. */
const givenIn = (env: Record<string, string | undefined>): Record<string, string | undefined> =>
  Object.fromEntries(Object.keys(variables).flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

/** A sentence for each variable that is invalid by itself, independent of the others. */
export const badVariables = (env: Record<string, string | undefined>): string[] => {
  const given = givenIn(env);
  const issues = schema.safeParse(given).error?.issues ?? [];
  return [...new Set(issues.map(({ path }) => String(path[0])))].map((name) => complain(name, given[name]));
};

/**
 * Reads the configuration from the environment. An empty value counts as not set.
 * @throws PlatformError `invalid_config`, one line per invalid variable, with its name and what it must be.
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
    // Combinations are checked once each variable is valid by itself.
    ...(bad.size > 0 ? [] : [...authProblems(given), ...redisProblems(given)]),
    ...(tooShort ? [RETENTION_TOO_SHORT] : []),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new PlatformError('invalid_config', problems.map(([, line]) => line).join('\n'), {
      details: problems.map(([path, message]) => ({ path, message })),
    });
  }
  // Origins of this machine are a default of the local stage only.
  const isDeployed = parsed.data.STAGE !== LOCAL_STAGE;
  const origins = isDeployed && given.CORS_ORIGINS === undefined ? { CORS_ORIGINS: [] } : {};
  return Object.freeze({ ...parsed.data, ...origins });
};
