import { z } from 'zod';
import type { StartingPosition } from '../broker/port.ts';
import { KafkaEventsError } from '../errors.ts';

const ACCESS_TYPES = [
  'BASIC_AUTH',
  'SASL_SCRAM_256_AUTH',
  'SASL_SCRAM_512_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'VPC_SUBNET',
  'VPC_SECURITY_GROUP',
] as const;

const groupConfig = z.strictObject({
  ConsumerGroupId: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[a-zA-Z0-9\-/*:_+=.@]*$/, 'only letters, digits and - / * : _ + = . @')
    .optional(),
  SchemaRegistryConfig: z.undefined({ error: 'schema registries are not emulated' }).optional(),
});

/** `AWS::Lambda::EventSourceMapping` for Kafka, with AWS's own ranges. Unknown keys are refused. */
const properties = z.strictObject({
  FunctionName: z.unknown().optional(),
  EventSourceArn: z.unknown().optional(),
  SelfManagedEventSource: z
    .strictObject({ Endpoints: z.strictObject({ KafkaBootstrapServers: z.array(z.string()).min(1) }) })
    .optional(),
  Topics: z.tuple(
    [
      z
        .string()
        .min(1)
        .max(249)
        .regex(/^[^.]([a-zA-Z0-9\-_.]+)$/, 'not a Kafka topic name'),
    ],
    {
      error: 'exactly one topic (K-34); several topics are several mappings',
    },
  ),
  BatchSize: z.int().min(1).max(10_000).default(100),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).optional(),
  Enabled: z.boolean().default(true),
  StartingPosition: z.enum(['LATEST', 'TRIM_HORIZON', 'AT_TIMESTAMP']).default('TRIM_HORIZON'),
  StartingPositionTimestamp: z.number().min(0).optional(),
  AmazonManagedKafkaEventSourceConfig: groupConfig.optional(),
  SelfManagedKafkaEventSourceConfig: groupConfig.optional(),
  SourceAccessConfigurations: z
    .array(z.strictObject({ Type: z.enum(ACCESS_TYPES), URI: z.unknown() }))
    .max(22)
    .default([]),
  FilterCriteria: z
    .strictObject({
      Filters: z
        .array(z.strictObject({ Pattern: z.string().max(4096) }))
        .max(10)
        .default([]),
    })
    .optional(),
  MaximumRetryAttempts: z.int().min(-1).max(10_000).default(-1),
  MaximumRecordAgeInSeconds: z
    .union([z.literal(-1), z.int().min(60).max(604_800)], { error: '-1 or 60 to 604800' })
    .default(-1),
  BisectBatchOnFunctionError: z.boolean().default(false),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).max(1).default([]),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.unknown() }).optional() }).optional(),
  ProvisionedPollerConfig: z
    .strictObject({
      MinimumPollers: z.int().min(1).max(200).optional(),
      MaximumPollers: z.int().min(1).max(2000).optional(),
      PollerGroupName: z.string().max(128).optional(),
    })
    .optional(),
  MetricsConfig: z.unknown().optional(),
  LoggingConfig: z.unknown().optional(),
  KmsKeyArn: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

export type MappingProperties = z.input<typeof properties>;

/** One validated event source mapping, whatever it was written in. */
export interface MappingDefinition {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  /** MSK cluster ARN (K-02). */
  readonly arn?: string;
  /** Of a self-managed cluster, as deployed; locally `custom.kafkaEvents.bootstrapServers` is used instead. */
  readonly deployedServers?: readonly string[];
  readonly topic: string;
  readonly groupId: string;
  readonly batchSize: number;
  /** Milliseconds: 500 when the mapping does not say (K-15), 0 means at once (K-19). */
  readonly windowMs: number;
  readonly enabled: boolean;
  readonly startingPosition: StartingPosition;
  readonly properties: z.output<typeof properties>;
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    root,
  );

/** One line per problem: function, field, value, what is allowed. */
export const explainIssues = (where: string, input: unknown, error: z.ZodError): string =>
  error.issues
    .map((issue) => {
      const field = issue.path.map(String).join('.');
      const value = issue.code === 'unrecognized_keys' ? '' : ` is ${show(valueAt(input, issue.path))}`;
      return `${where}: ${field || 'mapping'}${value}: ${issue.message}`;
    })
    .join('\n');

const startingPosition = (parsed: z.output<typeof properties>, where: string): StartingPosition => {
  const { StartingPosition: kind, StartingPositionTimestamp: seconds } = parsed;
  if (kind !== 'AT_TIMESTAMP') return { kind };
  if (seconds === undefined) {
    throw new KafkaEventsError(
      'CONFIG_INVALID',
      `${where}: StartingPositionTimestamp is missing: AT_TIMESTAMP needs it, in Unix seconds (K-27)`,
    );
  }
  return { kind, timestampMs: seconds * 1000 };
};

/**
 * @param functionKey the function's key in serverless.yml, or its name
 * @param defaultGroup used when the mapping names no group; AWS uses the mapping's UUID (K-29)
 * @throws KafkaEventsError CONFIG_INVALID naming function, field, value and allowed range
 */
export const defineMapping = (
  functionKey: string,
  kind: 'msk' | 'kafka',
  input: Record<string, unknown>,
  defaultGroup: string,
): MappingDefinition => {
  const topics = input['Topics'];
  const where = `function ${functionKey}, ${kind} event of topic ${Array.isArray(topics) ? topics.join() : show(topics)}`;
  const result = properties.safeParse(input);
  if (!result.success) {
    throw new KafkaEventsError('CONFIG_INVALID', explainIssues(where, input, result.error), { cause: result.error });
  }
  const parsed = result.data;
  const group = (kind === 'msk' ? parsed.AmazonManagedKafkaEventSourceConfig : parsed.SelfManagedKafkaEventSourceConfig)
    ?.ConsumerGroupId;
  const servers = parsed.SelfManagedEventSource?.Endpoints.KafkaBootstrapServers;
  return Object.freeze({
    functionKey,
    kind,
    ...(kind === 'msk' ? { arn: arnOf(parsed.EventSourceArn) } : {}),
    ...(servers ? { deployedServers: servers } : {}),
    topic: parsed.Topics[0],
    groupId: group ?? defaultGroup,
    batchSize: parsed.BatchSize,
    windowMs: parsed.MaximumBatchingWindowInSeconds === undefined ? 500 : parsed.MaximumBatchingWindowInSeconds * 1000,
    enabled: parsed.Enabled,
    startingPosition: startingPosition(parsed, where),
    properties: parsed,
  });
};

/** A plain ARN as it is; a reference becomes a placeholder ARN of the right shape, since nothing is deployed here. */
const arnOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const name = typeof value === 'object' && value !== null ? Object.values(value).flat().join('-') : 'local';
  return `arn:aws:kafka:us-east-1:000000000000:cluster/${name}/00000000-0000-0000-0000-000000000000-1`;
};
