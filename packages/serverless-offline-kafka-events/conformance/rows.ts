/** The parts of a row that are not its tests. Pages are those of the AWS Lambda Developer Guide, by file name. */
export interface Row {
  readonly text: string;
  readonly source: string;
  /** In what way this package differs, or where AWS does not say. */
  readonly differs?: string;
  /** Why there is nothing to test. */
  readonly without?: string;
}

const EVENT = '@types/aws-lambda, Powertools parser';
const PARAMS = 'kafka-esm-parameters';
const RETRY = 'kafka-retry-configurations';
const DESTINATION = 'kafka-on-failure-destination';
const FILTER = 'invocation-eventfiltering';
const KAFKA_FILTER = 'kafka-filtering';
const SCALE = 'kafka-scaling-modes';
const METRICS = 'monitoring-metrics-types';
const ESM = 'invocation-eventsourcemapping';
const API = 'API CreateEventSourceMapping';
const CONSOLE = 'control plane only: nothing of it reaches a function';

export const ROWS: Readonly<Record<string, Row>> = {
  'K-01': { text: '`eventSource` is `aws:kafka` (MSK) or `SelfManagedKafka`', source: EVENT },
  'K-02': { text: '`eventSourceArn` for MSK only', source: EVENT },
  'K-03': {
    text: '`bootstrapServers`: host:port pairs joined with a comma',
    source: EVENT,
    differs: 'they are the local servers',
  },
  'K-04': { text: '`records` by `topic-partition`, only partitions that have some', source: EVENT },
  'K-05': {
    text: 'partition, offset and timestamp are numbers; `timestampType`',
    source: 'kafka-filtering, aws-lambda-go',
  },
  'K-06': { text: 'key and value in base64', source: 'with-kafka' },
  'K-07': { text: 'a null key is an absent field (inferred)', source: 'kafka-filtering, aws-lambda-go' },
  'K-08': { text: 'a tombstone is delivered, without `value` (inferred)', source: 'Powertools issues 4988, 5016' },
  'K-09': {
    text: 'an empty key or value',
    source: 'not documented',
    differs: 'AWS does not say: the empty string here',
  },
  'K-10': { text: 'headers in order, one object each, repeated names kept', source: EVENT },
  'K-11': { text: 'header bytes are signed', source: 'aws-lambda-go PR 506' },
  'K-12': { text: 'a null header', source: 'not documented', differs: 'AWS does not say: an empty array here' },
  'K-13': {
    text: 'schema registries add `keySchemaMetadata` and `valueSchemaMetadata`',
    source: 'services-consume-kafka-events',
    differs: 'registries are refused with a clear error; without one the fields are absent, as on AWS',
  },
  'K-14': { text: '`BatchSize` 1 to 10,000, default 100', source: PARAMS },
  'K-15': { text: '`MaximumBatchingWindowInSeconds` 0 to 300, 500 ms when not set', source: ESM },
  'K-16': { text: 'a window is never required (that is a rule of other sources)', source: API },
  'K-17': { text: 'a batch closes at its window, its size or 6 MB', source: ESM },
  'K-18': { text: 'the window starts when the previous invocation completes', source: ESM },
  'K-19': { text: 'window 0: at once, with what is there', source: 'with-kafka-low-latency' },
  'K-20': { text: 'a batch may hold several partitions', source: 'with-msk-configure' },
  'K-21': { text: 'offsets ascend within a partition', source: 'with-msk-configure' },
  'K-22': {
    text: 'a partition is in one batch in flight at most',
    source: SCALE,
    differs: 'one invocation at a time per poller, in provisioned mode too, where AWS makes up to five',
  },
  'K-23': { text: 'never an invocation without records', source: METRICS },
  'K-24': { text: 'invocations are synchronous', source: 'with-kafka' },
  'K-25': { text: 'offsets are committed after success: last processed + 1', source: 'with-msk-configure' },
  'K-26': {
    text: '`StartingPosition` TRIM_HORIZON, LATEST or AT_TIMESTAMP',
    source: 'kafka-starting-positions',
    differs: 'AWS requires it; here, as in the framework, TRIM_HORIZON is the default',
  },
  'K-27': { text: 'AT_TIMESTAMP needs a time, in Unix seconds', source: 'kafka-starting-positions' },
  'K-28': {
    text: 'LATEST may miss what is produced while a mapping starts',
    source: 'kafka-starting-positions',
    differs: 'what is produced after the ready line is always delivered',
  },
  'K-29': {
    text: 'the default group is the UUID of the mapping',
    source: PARAMS,
    differs: 'a name of service, function and topic, so that a restart resumes',
  },
  'K-30': { text: 'a group that exists resumes at its offsets', source: 'kafka-consumer-group-id' },
  'K-31': {
    text: 'a partition without a commit in a group that has others',
    source: 'not documented',
    differs: 'AWS does not say: read from its first record here, so that nothing is lost',
  },
  'K-32': { text: '`ConsumerGroupId`: 1 to 200 characters, unique among mappings', source: API },
  'K-33': { text: 'members of a shared group take a part of the partitions each', source: 'kafka-consumer-group-id' },
  'K-34': {
    text: 'exactly one topic per mapping',
    source: API,
    differs: 'the same; topics can be created at the start by `createTopics`, which AWS does not do',
  },
  'K-35': { text: 'a failed batch is retried until it succeeds, and blocks its partitions', source: ESM },
  'K-36': {
    text: 'errors, timeouts and crashes of the function are failures; any answer is success',
    source: `${METRICS}, aws-lambda-nodejs-runtime-interface-client`,
    differs:
      'the same for Node.js, but stricter where the runtime would lose records: a null thrown by a synchronous handler, ' +
      'and a promise that is never settled, are failures; with `useInProcess` a crash ends serverless-offline',
  },
  'K-37': {
    text: 'the pause between retries',
    source: 'not documented',
    differs: 'AWS does not say: 0.2 s doubled up to 10 s here, see `retryDelayMs`',
    without: 'AWS documents nothing to hold it against',
  },
  'K-38': { text: 'throttles and service errors do not count as tries', source: ESM },
  'K-39': { text: '`MaximumRetryAttempts` -1 or 0 to 10,000, without the first call', source: RETRY },
  'K-40': { text: 'endless retries with a destination end after ten', source: DESTINATION },
  'K-41': { text: '`MaximumRecordAgeInSeconds` -1 or 60 to 604,800', source: RETRY },
  'K-42': { text: '`BisectBatchOnFunctionError` halves a failed batch', source: RETRY },
  'K-43': { text: '`ReportBatchItemFailures` with `{partition, offset}`', source: RETRY },
  'K-44': { text: 'the older key `topic-partition` in an identifier', source: RETRY },
  'K-45': { text: 'null, nothing, {} or an empty list is success', source: RETRY },
  'K-46': { text: 'an identifier that was not in the event fails the batch', source: RETRY },
  'K-47': { text: 'only the listed records are retried', source: RETRY },
  'K-48': {
    text: 'on-failure destinations: SQS, SNS, S3 or a Kafka topic',
    source: 'kafka-on-failure',
    differs: 'SQS, SNS and S3 at the endpoint of AWS_ENDPOINT_URL, else in a folder',
  },
  'K-49': { text: 'a Kafka destination is another topic; one message per record', source: DESTINATION },
  'K-50': { text: '`condition` of a failure record', source: DESTINATION },
  'K-51': { text: 'S3 gets the event too, as a string', source: 'kafka-on-failure' },
  'K-52': { text: 'after a discard the partition goes on; a failed delivery drops the records', source: METRICS },
  'K-53': { text: 'a record that fits no payload goes to the destination', source: 'with-kafka-troubleshoot' },
  'K-54': {
    text: 'function timeouts up to 14 minutes',
    source: 'with-msk-configure',
    differs: 'a longer one is warned of',
  },
  'K-55': {
    text: '5 filters (10 with a raised quota), ored; fields anded',
    source: FILTER,
    differs: '6 to 10 are warned of',
  },
  'K-56': {
    text: 'filters on `value`',
    source: KAFKA_FILTER,
    differs: 'key and metadata are filtered too, with a warning',
  },
  'K-57': { text: 'values are read as UTF-8, as JSON or plain text', source: KAFKA_FILTER },
  'K-58': { text: 'plain text is filtered by an array under `value`', source: KAFKA_FILTER },
  'K-59': {
    text: 'another format than the pattern: only metadata is filtered',
    source: KAFKA_FILTER,
    differs: 'as the table says; `filterMismatch: drop` is how its prose can be read',
  },
  'K-60': { text: 'records that do not match are dropped, and committed', source: FILTER },
  'K-61': { text: 'nothing matches: no invocation, offsets advance', source: METRICS },
  'K-62': {
    text: 'the operators of EventBridge patterns',
    source: FILTER,
    differs: 'the same; wildcard and cidr, which the page does not list, work with a warning',
  },
  'K-63': {
    text: 'case-sensitive, numbers as written, `exists` on leaves; wrong patterns refused',
    source: FILTER,
    differs: 'the same as documented; AWS event-ruler 1.8 also lets 300 match 300.0',
  },
  'K-64': { text: 'poll, filter, batch, invoke', source: 'AWS Compute Blog' },
  'K-65': {
    text: 'pollers follow the lag, at most one per partition',
    source: SCALE,
    differs: 'decided every second instead of every minute',
  },
  'K-66': { text: 'provisioned minimum 1 to 200 and maximum 1 to 2,000', source: SCALE },
  'K-67': {
    text: '`PollerGroupName`',
    source: PARAMS,
    without: 'a matter of cost, without meaning for data; accepted',
  },
  'K-68': {
    text: 'fields that need provisioned mode',
    source: SCALE,
    differs: 'they work without it, with a warning',
  },
  'K-69': {
    text: '`ConsumptionMode` Queue',
    source: 'polling-kafka-queue',
    differs: 'refused: kafkajs has no share groups',
  },
  'K-70': { text: '`State` of a mapping', source: API, without: CONSOLE },
  'K-71': { text: '`Enabled: false` stops polling; later it resumes', source: API },
  'K-72': { text: 'updates in place', source: PARAMS, without: `${CONSOLE}; a restart reads the new configuration` },
  'K-73': {
    text: '`LastProcessingResult`: why a mapping does not work',
    source: 'with-kafka-troubleshoot',
    differs: 'a printed line with the reason and what to do',
  },
  'K-74': { text: '`StateTransitionReason`', source: 'with-kafka-troubleshoot', without: CONSOLE },
  'K-75': { text: 'at least once, through rebalances and restarts', source: ESM },
  'K-76': { text: '`OffsetLag`', source: METRICS },
  'K-77': { text: 'EventCount, ErrorCount and KafkaMetrics', source: METRICS },
  'K-78': { text: 'tags, keys and logging settings', source: PARAMS },
  'K-79': { text: 'keys of `msk`', source: 'osls and Serverless' },
  'K-80': { text: 'keys of `kafka`, and its authentication', source: 'osls and Serverless' },
  'K-81': { text: 'provisioned pollers and destinations, as each framework names them', source: 'osls and Serverless' },
  'K-82': { text: '`maximumBatchingWindow: 0` is not written to the template', source: 'osls and Serverless' },
  'K-83': {
    text: 'records of transactions',
    source: 'not documented',
    differs:
      'AWS does not say: read_committed here, so nothing of an aborted transaction is delivered, and an open one is waited for',
  },
};
