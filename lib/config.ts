import { z } from 'zod';
import { isAllowListEntry } from './adapters/tcp/address-policy.ts';
import { PlatformError } from './errors.ts';
import { LOG_LEVELS } from './log.ts';

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
const HOST_PORT = /^[^\s:,/]+:([1-9]\d{0,4})$/;
const SHORT_CODE = /^:[a-z0-9_+-]{1,32}:$/;

/** The whole configuration of the platform: one entry a variable; the README's table is made from it. */
export const variables = {
  KAFKA_BROKERS: listOf(
    z.string().refine((text) => Number(HOST_PORT.exec(text)?.[1]) <= 65_535),
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
    .refine((text) => /^rediss?:\/\/\S+$/.test(text) && URL.canParse(text))
    .default('redis://localhost:6379')
    .meta(expects('a redis:// or rediss:// URL', 'Redis for counts and registry.')),
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
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info', 'The least severe lines that are written.'),
} as const;

const schema = z.object(variables);

export type Config = Readonly<z.infer<typeof schema>>;

/** A URL may hold a password. */
const SECRET = /PASSWORD|SECRET|URL/;

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

/**
 * Reads the configuration from the environment. An empty value counts as not set.
 * @throws PlatformError `invalid_config`, one line a bad variable, naming it and what it should be.
 */
export const loadConfig = (env: Record<string, string | undefined>): Config => {
  const given = Object.fromEntries(Object.keys(variables).flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const parsed = schema.safeParse(given);
  const bad = new Set(parsed.success ? [] : parsed.error.issues.map(({ path }) => String(path[0])));
  if (given.KAFKA_AUTH === 'scram')
    for (const name of ['KAFKA_USERNAME', 'KAFKA_PASSWORD']) if (!given[name]) bad.add(name);
  if (!parsed.success || bad.size > 0) {
    const lines = [...bad].map((name) => complain(name, given[name]));
    throw new PlatformError('invalid_config', lines.join('\n'), {
      details: [...bad].map((path, n) => ({ path, message: lines[n] ?? '' })),
    });
  }
  return Object.freeze(parsed.data);
};
