import { z } from 'zod';
import { parseOrExplain } from './explain.ts';
import { between, isLocalServer, oneOf, SERVER_RULE, topicName } from './ranges.ts';
import { secretsSchema, secretsVariable } from './secrets.ts';

const servers = z
  .union([z.string(), z.array(z.string())], { error: 'must be host:port, or a list of such servers' })
  .transform((it) => (Array.isArray(it) ? it : it.split(',')).map((server) => server.trim()))
  .refine((list) => list.length > 0 && list.every(isLocalServer), `${SERVER_RULE}; separate several with commas`);

const schema = z.strictObject({
  /** Default: `KAFKA_BROKERS`, else localhost:9092. */
  bootstrapServers: servers.optional(),
  log: oneOf(['mappings', 'batches']).default('mappings'),
  /** Topics to create before the mappings start. None by default, since AWS creates none. */
  createTopics: z
    .array(
      z.strictObject({
        topic: topicName,
        partitions: between(1, 10_000).default(1),
        retentionMs: z.int().min(-1).optional(),
        config: z.record(z.string(), z.string()).optional(),
      }),
    )
    .default([]),
  invoke: oneOf(['in-process', 'sdk']).default('in-process'),
  /** Contents of secrets by ARN or name, in the format of Secrets Manager. */
  secrets: secretsSchema.default({}),
  /** Default: TLS if a secret is used. `false` is for a local SASL_PLAINTEXT listener. */
  tls: z.boolean().optional(),
  /** What to do with a value whose format (JSON or plain text) differs from the filter's (K-59). */
  filterMismatch: oneOf(['deliver', 'drop']).default('deliver'),
  /** Folder for failure records for SQS, SNS and S3 if no endpoint is configured; relative to the service. */
  failureFolder: z.string().min(1).default('.kafka-events/failures'),
  /** `emf` prints metrics every minute in CloudWatch's embedded metric format. */
  metrics: oneOf(['emf']).optional(),
  /** Serves metrics as JSON at http://localhost:<port>/. */
  metricsPort: between(1, 65_535).optional(),
  /** A group member that sends no heartbeat for this time loses its partitions, in milliseconds. */
  sessionTimeoutMs: between(6_000, 1_800_000).default(10_000),
  /** How long a stop waits for invocations in flight, in milliseconds. */
  drainTimeoutMs: between(0, 900_000).default(10_000),
  /** Delay between retries of a failed batch, in milliseconds: doubles from `first` up to `longest` (K-37). */
  retryDelayMs: z
    .strictObject({ first: between(1, 900_000).default(200), longest: between(1, 900_000).default(10_000) })
    .prefault({}),
  /** CloudFormation properties by function key or `function/topic`, for settings that events do not support (K-82). */
  overrides: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/** The options under `custom.kafkaEvents`. */
export type KafkaEventsOptions = z.input<typeof schema>;

export type Options = Omit<z.output<typeof schema>, 'bootstrapServers'> & { readonly bootstrapServers: string[] };

/**
 * Parses `custom.kafkaEvents`, and `KAFKA_BROKERS` and `KAFKA_EVENTS_SECRETS` of the environment.
 * @throws KafkaEventsError CONFIG_INVALID with the field, its value and what is allowed
 */
export const parseOptions = (input: unknown, env: Readonly<Record<string, string | undefined>>): Options => {
  const options = parseOrExplain(schema, 'custom.kafkaEvents', input ?? {});
  const fallback = parseOrExplain(servers, 'KAFKA_BROKERS', env['KAFKA_BROKERS'] || 'localhost:9092');
  const secrets = parseOrExplain(z.strictObject({ secrets: secretsSchema }), 'KAFKA_EVENTS_SECRETS', {
    secrets: secretsVariable(env['KAFKA_EVENTS_SECRETS']),
  });
  return Object.freeze({
    ...options,
    secrets: { ...options.secrets, ...secrets.secrets },
    bootstrapServers: options.bootstrapServers ?? fallback,
  });
};
