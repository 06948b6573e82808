/** Converts events of serverless.yml to CloudFormation properties, as osls and Serverless do (K-79 to K-82). */
type Properties = Record<string, unknown>;

const ACCESS: Record<string, { type: string; prefix: string }> = {
  vpcSubnet: { type: 'VPC_SUBNET', prefix: 'subnet:' },
  vpcSecurityGroup: { type: 'VPC_SECURITY_GROUP', prefix: 'security_group:' },
  saslPlainAuth: { type: 'BASIC_AUTH', prefix: '' },
  saslScram256Auth: { type: 'SASL_SCRAM_256_AUTH', prefix: '' },
  saslScram512Auth: { type: 'SASL_SCRAM_512_AUTH', prefix: '' },
  clientCertificateTlsAuth: { type: 'CLIENT_CERTIFICATE_TLS_AUTH', prefix: '' },
  serverRootCaCertificate: { type: 'SERVER_ROOT_CA_CERTIFICATE', prefix: '' },
};

/** Keys of both event types. The frameworks test for truthiness, so a batching window of 0 is omitted (K-82). */
const common = (event: Properties): Properties => ({
  Topics: [event['topic']],
  StartingPosition: event['startingPosition'] || 'TRIM_HORIZON',
  ...(event['startingPositionTimestamp'] == null
    ? {}
    : { StartingPositionTimestamp: event['startingPositionTimestamp'] }),
  ...(event['batchSize'] ? { BatchSize: event['batchSize'] } : {}),
  ...(event['maximumBatchingWindow'] ? { MaximumBatchingWindowInSeconds: event['maximumBatchingWindow'] } : {}),
  ...(event['enabled'] == null ? {} : { Enabled: event['enabled'] }),
  ...filters(event['filterPatterns']),
  ...pollers(event),
  ...(event['onFailureDestination']
    ? { DestinationConfig: { OnFailure: { Destination: event['onFailureDestination'] } } }
    : {}),
});

const filters = (patterns: unknown): Properties =>
  Array.isArray(patterns)
    ? { FilterCriteria: { Filters: patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })) } }
    : {};

/** The key is `provisionedPollerConfig` in osls, and `provisionedPollers` in Serverless 4 (K-81). */
const pollers = (event: Properties): Properties => {
  const osls = event['provisionedPollerConfig'] as Properties | undefined;
  const v4 = event['provisionedPollers'] as Properties | undefined;
  if (!osls && !v4) return {};
  const config = {
    MinimumPollers: osls?.['minimumPollers'] ?? v4?.['min'],
    MaximumPollers: osls?.['maximumPollers'] ?? v4?.['max'],
    PollerGroupName: v4?.['group'],
  };
  return { ProvisionedPollerConfig: Object.fromEntries(Object.entries(config).filter(([, v]) => v !== undefined)) };
};

const group = (event: Properties): Properties | undefined =>
  event['consumerGroupId'] ? { ConsumerGroupId: event['consumerGroupId'] } : undefined;

export const fromMsk = (event: Properties): Properties => {
  const config = group(event);
  return {
    EventSourceArn: event['arn'],
    ...common(event),
    ...(config ? { AmazonManagedKafkaEventSourceConfig: config } : {}),
    ...(event['saslScram512']
      ? { SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: event['saslScram512'] }] }
      : {}),
  };
};

export const fromKafka = (event: Properties): Properties => {
  const config = group(event);
  const access = Object.entries((event['accessConfigurations'] ?? {}) as Record<string, unknown[]>);
  return {
    SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: event['bootstrapServers'] } },
    ...common(event),
    ...(config ? { SelfManagedKafkaEventSourceConfig: config } : {}),
    SourceAccessConfigurations: access.flatMap(([key, uris]) =>
      uris.map((uri) => ({ Type: ACCESS[key]?.type ?? key, URI: `${ACCESS[key]?.prefix ?? ''}${String(uri)}` })),
    ),
  };
};

const alphanumeric = (name: string, max: number): string => {
  const plain = name.replace(/[^0-9A-Za-z]/g, '');
  return (plain.charAt(0).toUpperCase() + plain.slice(1)).slice(0, max);
};

export const functionId = (key: string): string => {
  const name = key.replace(/-/g, 'Dash').replace(/_/g, 'Underscore');
  return name.charAt(0).toUpperCase() + name.slice(1);
};

const clusterName = (arn: unknown): string => {
  if (typeof arn === 'string') return arn.split('/')[1] ?? arn;
  const reference = (arn ?? {}) as Properties;
  return String(reference['Fn::ImportValue'] ?? reference['Ref'] ?? '');
};

/** The logical id of the mapping of an event in the CloudFormation template, as in `resources.extensions`. */
export const logicalId = (functionKey: string, kind: 'msk' | 'kafka', event: Properties): string => {
  const topic = String(event['topic']);
  return kind === 'msk'
    ? `${functionId(functionKey)}EventSourceMappingMSK${alphanumeric(clusterName(event['arn']), 79)}${alphanumeric(topic, 79)}`
    : `${functionId(functionKey)}EventSourceMappingKafka${alphanumeric(topic, 158)}`;
};
