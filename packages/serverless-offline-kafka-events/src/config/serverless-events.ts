import { z } from 'zod';
import { parseOrExplain } from './explain.ts';
import { between, deployedServer, groupId, oneOf, topicName } from './ranges.ts';

const uris = z.array(z.string()).min(1);

/** The keys of both event types in osls and Serverless 4 (K-79 to K-81). Unknown keys are errors, as there. */
const common = {
  topic: topicName,
  batchSize: between(1, 10_000).optional(),
  maximumBatchingWindow: between(0, 300).optional(),
  enabled: z.boolean().optional(),
  startingPosition: oneOf(['LATEST', 'TRIM_HORIZON', 'AT_TIMESTAMP']).optional(),
  startingPositionTimestamp: z.number().optional(),
  consumerGroupId: groupId.optional(),
  filterPatterns: z.array(z.record(z.string(), z.unknown())).min(1).max(10).optional(),
  provisionedPollerConfig: z
    .strictObject({ minimumPollers: between(1, 200).optional(), maximumPollers: between(1, 2000).optional() })
    .optional(),
  provisionedPollers: z
    .strictObject({
      min: between(1, 200).optional(),
      max: between(1, 2000).optional(),
      group: z.string().max(128).optional(),
    })
    .optional(),
  onFailureDestination: z.string().optional(),
};

const SCHEMAS = {
  msk: z.strictObject({
    arn: z.union([z.string(), z.record(z.string(), z.unknown())], { error: 'must be the ARN of an MSK cluster' }),
    saslScram512: z.string().optional(),
    ...common,
  }),
  kafka: z.strictObject({
    accessConfigurations: z.strictObject({
      vpcSubnet: uris.optional(),
      vpcSecurityGroup: uris.optional(),
      saslPlainAuth: uris.optional(),
      saslScram256Auth: uris.optional(),
      saslScram512Auth: uris.optional(),
      clientCertificateTlsAuth: uris.optional(),
      serverRootCaCertificate: uris.optional(),
    }),
    bootstrapServers: z.array(deployedServer).min(1).max(10),
    ...common,
  }),
};

/** @throws KafkaEventsError CONFIG_INVALID with function, field, value and what is allowed */
export const checkEvent = (functionKey: string, kind: 'msk' | 'kafka', event: Record<string, unknown>): void => {
  parseOrExplain(SCHEMAS[kind], `function ${functionKey}, ${kind} event of topic ${String(event['topic'])}`, event);
};
