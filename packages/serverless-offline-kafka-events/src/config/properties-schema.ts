import { z } from 'zod';
import { between, deployedServer, groupId, oneOf, topicName } from './ranges.ts';

const ACCESS_TYPES = [
  'BASIC_AUTH',
  'SASL_SCRAM_256_AUTH',
  'SASL_SCRAM_512_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'VPC_SUBNET',
  'VPC_SECURITY_GROUP',
] as const;

const consumptionMode = z
  .literal('Stream', { error: 'must be Stream: Queue needs Kafka share groups, which kafkajs does not have' })
  .optional();

const sourceConfig = z.strictObject({
  ConsumerGroupId: groupId.optional(),
  ConsumptionMode: consumptionMode,
  SchemaRegistryConfig: z.undefined({ error: 'schema registries are not emulated' }).optional(),
});

/** A string that AWS accepts, or a CloudFormation reference. `''` removes the destination. */
const destination = z.union(
  [
    z.literal(''),
    z.string().regex(/^arn:[^:]+:(sqs|sns):[^:]*:[^:]*:(?!.*\.fifo$)./),
    z.string().regex(/^arn:[^:]+:s3:::./),
    z.string().regex(/^kafka:\/\/[^.][a-zA-Z0-9\-_.]+$/),
    z.record(z.string(), z.unknown()),
  ],
  { error: 'must be the ARN of a standard SQS queue, a standard SNS topic or an S3 bucket, or kafka://<topic>' },
);

/** Larger timestamps are taken for milliseconds: this is the year 5138 in seconds, and 1973 in milliseconds. */
const MAX_SECONDS = 100_000_000_000;

/** `AWS::Lambda::EventSourceMapping` for Kafka, with AWS's ranges. Unknown keys are errors. */
export const propertiesSchema = z.strictObject({
  FunctionName: z.unknown().optional(),
  EventSourceArn: z.unknown().optional(),
  SelfManagedEventSource: z
    .strictObject({ Endpoints: z.strictObject({ KafkaBootstrapServers: z.array(deployedServer).min(1).max(10) }) })
    .optional(),
  Topics: z.tuple([topicName], { error: 'must be exactly one topic: use one mapping per topic' }),
  BatchSize: between(1, 10_000).default(100),
  MaximumBatchingWindowInSeconds: between(0, 300).optional(),
  Enabled: z.boolean().default(true),
  StartingPosition: oneOf(['LATEST', 'TRIM_HORIZON', 'AT_TIMESTAMP']).default('TRIM_HORIZON'),
  StartingPositionTimestamp: z
    .number('must be Unix time in seconds')
    .min(0, 'must be Unix time in seconds')
    .refine((seconds) => seconds <= Date.now() / 1000, {
      error: ({ input }) =>
        Number(input) > MAX_SECONDS && Number(input) <= Date.now()
          ? 'must be Unix time in seconds, not in milliseconds'
          : 'must not be in the future; the unit is Unix time in seconds',
    })
    .optional(),
  AmazonManagedKafkaEventSourceConfig: sourceConfig.optional(),
  SelfManagedKafkaEventSourceConfig: sourceConfig.optional(),
  ConsumptionMode: consumptionMode,
  SourceAccessConfigurations: z
    .array(z.strictObject({ Type: oneOf(ACCESS_TYPES), URI: z.unknown() }))
    .max(22)
    .default([]),
  FilterCriteria: z
    .strictObject({
      Filters: z
        .array(z.strictObject({ Pattern: z.string().max(4096, 'must have at most 4096 characters') }))
        .max(10, 'must be at most 5 filters, 10 with a raised quota')
        .default([]),
    })
    .optional(),
  MaximumRetryAttempts: between(-1, 10_000).default(-1),
  MaximumRecordAgeInSeconds: z
    .int()
    .refine((age) => age === -1 || (age >= 60 && age <= 604_800), 'must be -1 or from 60 to 604800')
    .default(-1),
  BisectBatchOnFunctionError: z.boolean().default(false),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).max(1).default([]),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: destination }).optional() }).optional(),
  ProvisionedPollerConfig: z
    .strictObject({
      MinimumPollers: between(1, 200).optional(),
      MaximumPollers: between(1, 2000).optional(),
      PollerGroupName: z.string().max(128).optional(),
    })
    .optional(),
  // Accepted because deployed mappings may have them; they have no effect here.
  MetricsConfig: z.unknown().optional(),
  LoggingConfig: z.unknown().optional(),
  KmsKeyArn: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

export type MappingProperties = z.output<typeof propertiesSchema>;
