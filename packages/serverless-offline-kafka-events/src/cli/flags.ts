import { parseArgs } from 'node:util';
import { KafkaEventsError } from '../errors.ts';

interface Flag {
  readonly kind: 'text' | 'number' | 'json' | 'switch' | 'list';
  /** Property of the mapping, or `local.<option>` for an option that AWS does not have. */
  readonly to: string;
  readonly help: string;
  readonly short?: string;
}

/** Flags of `aws lambda create-event-source-mapping`, followed by flags that only a local poller needs. */
export const FLAGS: Readonly<Record<string, Flag>> = {
  'function-name': {
    kind: 'text',
    to: 'FunctionName',
    help: 'name or ARN; "function" for a Runtime Interface Emulator',
  },
  topics: { kind: 'list', to: 'Topics', help: 'the topic (also --topic)' },
  'event-source-arn': {
    kind: 'text',
    to: 'EventSourceArn',
    help: 'ARN of an MSK cluster: events have the format of MSK',
  },
  'batch-size': { kind: 'number', to: 'BatchSize', help: '1 to 10000, default 100' },
  'maximum-batching-window-in-seconds': {
    kind: 'number',
    to: 'MaximumBatchingWindowInSeconds',
    help: '0 to 300, default 0.5',
  },
  'starting-position': { kind: 'text', to: 'StartingPosition', help: 'TRIM_HORIZON (default), LATEST or AT_TIMESTAMP' },
  'starting-position-timestamp': { kind: 'number', to: 'StartingPositionTimestamp', help: 'Unix time in seconds' },
  'filter-criteria': { kind: 'json', to: 'FilterCriteria', help: '{"Filters":[{"Pattern":"…"}]}' },
  'maximum-retry-attempts': { kind: 'number', to: 'MaximumRetryAttempts', help: '-1 (default, unlimited) to 10000' },
  'maximum-record-age-in-seconds': { kind: 'number', to: 'MaximumRecordAgeInSeconds', help: '-1 or 60 to 604800' },
  'bisect-batch-on-function-error': {
    kind: 'switch',
    to: 'BisectBatchOnFunctionError',
    help: 'split a batch that fails',
  },
  'function-response-types': { kind: 'list', to: 'FunctionResponseTypes', help: 'ReportBatchItemFailures' },
  'destination-config': { kind: 'json', to: 'DestinationConfig', help: '{"OnFailure":{"Destination":"kafka://…"}}' },
  'provisioned-poller-config': { kind: 'json', to: 'ProvisionedPollerConfig', help: '{"MinimumPollers":2}' },
  'source-access-configurations': {
    kind: 'json',
    to: 'SourceAccessConfigurations',
    help: '[{"Type":"SASL_SCRAM_512_AUTH","URI":"<name of a secret>"}]; see KAFKA_EVENTS_SECRETS',
  },
  'self-managed-event-source': {
    kind: 'json',
    to: 'SelfManagedEventSource',
    help: '{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["…"]}}; --broker takes precedence',
  },
  'self-managed-kafka-event-source-config': {
    kind: 'json',
    to: 'SelfManagedKafkaEventSourceConfig',
    help: '{"ConsumerGroupId":"…"}',
  },
  'amazon-managed-kafka-event-source-config': {
    kind: 'json',
    to: 'AmazonManagedKafkaEventSourceConfig',
    help: '{"ConsumerGroupId":"…"}',
  },
  'endpoint-url': { kind: 'text', to: 'local.endpoint', help: 'Lambda endpoint (also --endpoint); default: AWS' },
  region: { kind: 'text', to: 'local.region', help: 'default: AWS_REGION, else us-east-1' },
  broker: {
    kind: 'text',
    to: 'local.bootstrapServers',
    help: 'host:port,…; default: KAFKA_BROKERS, else localhost:9092',
    short: 'b',
  },
  tls: { kind: 'switch', to: 'local.tls', help: 'default: on if a secret is used (--no-tls: SASL without TLS)' },
  'function-timeout': {
    kind: 'number',
    to: 'local.functionTimeout',
    help: 'seconds to wait for a response, default 900',
  },
  log: { kind: 'text', to: 'local.log', help: '"batches" prints a line per invocation' },
  'metrics-port': { kind: 'number', to: 'local.metricsPort', help: 'metrics as JSON at http://localhost:<port>/' },
  'failure-folder': {
    kind: 'text',
    to: 'local.failureFolder',
    help: 'folder for failure records if no endpoint is configured',
  },
  help: { kind: 'switch', to: 'local.help', help: 'print this help', short: 'h' },
};

const ALIASES: Readonly<Record<string, string>> = { topic: 'topics', endpoint: 'endpoint-url' };

export interface Flags {
  /** Properties of the mapping, by their names in CloudFormation. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly local: Readonly<Record<string, unknown>>;
}

/** @throws KafkaEventsError CONFIG_INVALID for an unknown flag, or a value that is not a number or JSON as required */
export const parseFlags = (args: readonly string[]): Flags => {
  const properties: Record<string, unknown> = {};
  const local: Record<string, unknown> = {};
  for (const [written, raw] of Object.entries(parse(args))) {
    const name = ALIASES[written] ?? written;
    const { kind, to } = FLAGS[name] as Flag;
    const value = convert(`--${written}`, kind, raw);
    if (to.startsWith('local.')) local[to.slice('local.'.length)] = value;
    else properties[to] = value;
  }
  return { properties, local };
};

const parse = (args: readonly string[]): Record<string, unknown> => {
  const named = [
    ...Object.entries(FLAGS),
    ...Object.entries(ALIASES).map(([as, of]) => [as, FLAGS[of] as Flag] as const),
  ];
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowNegative: true,
      options: Object.fromEntries(
        named.map(([name, { kind, short }]) => [
          name,
          {
            type: kind === 'switch' ? ('boolean' as const) : ('string' as const),
            multiple: kind === 'list',
            ...(short === undefined ? {} : { short }),
          },
        ]),
      ),
    });
    return values;
  } catch (cause) {
    const { message } = cause as Error;
    throw new KafkaEventsError('CONFIG_INVALID', `${message.split('\n')[0]} See --help.`, { cause });
  }
};

const convert = (flag: string, kind: Flag['kind'], raw: unknown): unknown => {
  if (kind === 'number') {
    const number = Number(raw);
    if (raw === '' || Number.isNaN(number)) throw badValue(flag, raw, 'must be a number');
    return number;
  }
  if (kind !== 'json') return raw;
  try {
    return JSON.parse(String(raw));
  } catch {
    throw badValue(flag, raw, 'must be JSON');
  }
};

const badValue = (flag: string, value: unknown, allowed: string): KafkaEventsError =>
  new KafkaEventsError('CONFIG_INVALID', `${flag} is ${JSON.stringify(value)}: ${allowed}`);
