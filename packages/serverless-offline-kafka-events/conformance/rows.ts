/** A row without its tests. Sources are pages of the AWS Lambda Developer Guide, by file name, or as described. */
export interface Row {
  readonly text: string;
  readonly source: string;
  /** How this package differs, or what it does where AWS documents nothing. */
  readonly differs?: string;
  /** Why the row has no test. */
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
const CONTROL_PLANE = 'part of the AWS control plane, without effect on invocations';

export const ROWS: Readonly<Record<string, Row>> = {
  'K-01': { text: '`eventSource` is `aws:kafka` (MSK) or `SelfManagedKafka`', source: EVENT },
  'K-02': { text: '`eventSourceArn` is present for MSK only', source: EVENT },
  'K-03': {
    text: '`bootstrapServers` has host:port pairs, separated by commas',
    source: EVENT,
    differs: 'it has the local servers',
  },
  'K-04': { text: '`records` has a list per `<topic>-<partition>`, for partitions with records only', source: EVENT },
  'K-05': {
    text: 'partition, offset and timestamp are numbers; `timestampType` is CREATE_TIME or LOG_APPEND_TIME',
    source: 'kafka-filtering, aws-lambda-go',
  },
  'K-06': { text: 'key and value are encoded in base64', source: 'with-kafka' },
  'K-07': { text: 'a null key is an absent field (inferred)', source: 'kafka-filtering, aws-lambda-go' },
  'K-08': { text: 'a tombstone is delivered without `value` (inferred)', source: 'Powertools issues 4988, 5016' },
  'K-09': {
    text: 'format of an empty key or value',
    source: 'not documented',
    differs: 'not documented by AWS; here it is the empty string',
  },
  'K-10': { text: 'headers are a list of objects with one header each, in order; names may repeat', source: EVENT },
  'K-11': { text: 'header values are lists of signed bytes', source: 'aws-lambda-go PR 506' },
  'K-12': {
    text: 'format of a null header',
    source: 'not documented',
    differs: 'not documented by AWS; here it is an empty list',
  },
  'K-13': {
    text: 'with a schema registry, records have `keySchemaMetadata` and `valueSchemaMetadata`',
    source: 'services-consume-kafka-events',
    differs: 'a registry causes an error at the start; without one the fields are absent, as on AWS',
  },
  'K-14': { text: '`BatchSize` is 1 to 10,000, by default 100', source: PARAMS },
  'K-15': { text: '`MaximumBatchingWindowInSeconds` is 0 to 300; the default is 500 ms', source: ESM },
  'K-16': { text: 'a batching window is never required, unlike for other event sources', source: API },
  'K-17': { text: 'a batch closes when the window ends, or at `BatchSize`, or at 6 MB', source: ESM },
  'K-18': { text: 'the batching window starts when the previous invocation completes', source: ESM },
  'K-19': { text: 'with a window of 0, available records are delivered at once', source: 'with-kafka-low-latency' },
  'K-20': { text: 'a batch may have records of several partitions', source: 'with-msk-configure' },
  'K-21': { text: 'records of a partition are delivered in offset order', source: 'with-msk-configure' },
  'K-22': {
    text: 'a partition is in at most one batch in flight',
    source: SCALE,
    differs: 'a poller makes one invocation at a time, also in provisioned mode, where AWS makes up to five',
  },
  'K-23': { text: 'there is no invocation without records', source: METRICS },
  'K-24': { text: 'invocations are synchronous', source: 'with-kafka' },
  'K-25': { text: 'after a success, the committed offset is the last processed + 1', source: 'with-msk-configure' },
  'K-26': {
    text: '`StartingPosition` is TRIM_HORIZON, LATEST or AT_TIMESTAMP',
    source: 'kafka-starting-positions',
    differs: 'AWS requires it; here the default is TRIM_HORIZON, as in the framework',
  },
  'K-27': { text: 'AT_TIMESTAMP requires a Unix time in seconds', source: 'kafka-starting-positions' },
  'K-28': {
    text: 'LATEST may miss records that are produced while a mapping starts',
    source: 'kafka-starting-positions',
    differs: 'records produced after the ready line are always delivered',
  },
  'K-29': {
    text: 'the default consumer group is the UUID of the mapping',
    source: PARAMS,
    differs: 'it is named after service, function and topic, so that a restart resumes at its offsets',
  },
  'K-30': { text: 'an existing consumer group resumes at its committed offsets', source: 'kafka-consumer-group-id' },
  'K-31': {
    text: 'where reading starts if the group has committed offsets, but not for this partition',
    source: 'not documented',
    differs: 'not documented by AWS; here at the first record, so that no record is lost',
  },
  'K-32': { text: '`ConsumerGroupId` has 1 to 200 characters and is unique among mappings', source: API },
  'K-33': { text: 'members of a consumer group share its partitions', source: 'kafka-consumer-group-id' },
  'K-34': {
    text: 'a mapping has exactly one topic',
    source: API,
    differs: 'the same; in addition, `createTopics` can create topics at the start',
  },
  'K-35': { text: 'a failed batch is retried until it succeeds, and blocks its partitions', source: ESM },
  'K-36': {
    text: 'errors, timeouts and crashes of the function are failures; any response is a success',
    source: `${METRICS}, aws-lambda-nodejs-runtime-interface-client`,
    differs:
      'the same for Node.js, but stricter where the runtime would lose records: a null thrown by a synchronous handler ' +
      'and a promise that stays pending are failures; with `useInProcess` a crash terminates serverless-offline',
  },
  'K-37': {
    text: 'delay between retries',
    source: 'not documented',
    differs: 'not documented by AWS; here 0.2 s, doubled up to 10 s, see `retryDelayMs`',
    without: 'there is no documented behaviour to compare with',
  },
  'K-38': { text: 'throttling and service errors do not count as retry attempts', source: ESM },
  'K-39': { text: '`MaximumRetryAttempts` is -1 or 0 to 10,000, excluding the first invocation', source: RETRY },
  'K-40': { text: 'with an on-failure destination, unlimited retries end after ten', source: DESTINATION },
  'K-41': { text: '`MaximumRecordAgeInSeconds` is -1 or 60 to 604,800', source: RETRY },
  'K-42': { text: '`BisectBatchOnFunctionError` splits a failed batch into halves', source: RETRY },
  'K-43': { text: '`ReportBatchItemFailures` identifies records by `{partition, offset}`', source: RETRY },
  'K-44': { text: 'an identifier may have the older key `topic-partition` instead of `partition`', source: RETRY },
  'K-45': { text: 'no response, null, {} and an empty list mean success', source: RETRY },
  'K-46': { text: 'an identifier that was not in the event makes the whole batch fail', source: RETRY },
  'K-47': { text: 'only the reported records are retried', source: RETRY },
  'K-48': {
    text: 'the on-failure destination is SQS, SNS, S3 or a Kafka topic',
    source: 'kafka-on-failure',
    differs: 'for SQS, SNS and S3, AWS_ENDPOINT_URL names the endpoint; without it, records go to a folder',
  },
  'K-49': { text: 'a Kafka destination is another topic, and gets one message per record', source: DESTINATION },
  'K-50': { text: '`condition` of a failure record says why it was discarded', source: DESTINATION },
  'K-51': { text: 'S3 also gets the event, as a string', source: 'kafka-on-failure' },
  'K-52': {
    text: 'the partition continues after a discard; if the destination fails, the records are dropped',
    source: METRICS,
  },
  'K-53': {
    text: 'a record that exceeds the payload limit goes to the destination',
    source: 'with-kafka-troubleshoot',
  },
  'K-54': {
    text: 'the timeout of the function is at most 14 minutes',
    source: 'with-msk-configure',
    differs: 'a longer timeout causes a warning',
  },
  'K-55': {
    text: 'up to 5 filters (10 with a raised quota), combined with "or"; their fields are combined with "and"',
    source: FILTER,
    differs: 'the same; 6 to 10 filters cause a warning',
  },
  'K-56': {
    text: 'filters apply to `value`',
    source: KAFKA_FILTER,
    differs: 'filters on key and metadata work too, with a warning',
  },
  'K-57': { text: 'values are decoded as UTF-8, and filtered as JSON or plain text', source: KAFKA_FILTER },
  'K-58': { text: 'plain text is filtered by an array under `value`', source: KAFKA_FILTER },
  'K-59': {
    text: 'if the format of a value differs from that of the pattern, only metadata is filtered',
    source: KAFKA_FILTER,
    differs: 'as in the table on the page; `filterMismatch: drop` implements another reading of its text',
  },
  'K-60': { text: 'offsets of records that do not match are committed without a delivery', source: FILTER },
  'K-61': { text: 'if no record matches, there is no invocation, and offsets advance', source: METRICS },
  'K-62': {
    text: 'patterns have the operators of EventBridge',
    source: FILTER,
    differs: 'the same; wildcard and cidr, which the page does not list, work with a warning',
  },
  'K-63': {
    text: 'strings are case-sensitive, numbers compare by their text, `exists` works on scalars; invalid patterns are errors',
    source: FILTER,
    differs: 'the same as documented; in AWS event-ruler 1.8, 300 also matches 300.0',
  },
  'K-64': { text: 'the steps are poll, filter, batch, invoke', source: 'AWS Compute Blog' },
  'K-65': {
    text: 'the number of pollers follows the lag, with at most one per partition',
    source: SCALE,
    differs: 'it is adjusted every second instead of every minute',
  },
  'K-66': { text: '`MinimumPollers` is 1 to 200, `MaximumPollers` 1 to 2,000', source: SCALE },
  'K-67': {
    text: '`PollerGroupName` shares pollers between mappings',
    source: PARAMS,
    without: 'affects only the cost on AWS; accepted without effect',
  },
  'K-68': {
    text: 'some fields require provisioned mode',
    source: SCALE,
    differs: 'they also work without it, with a warning',
  },
  'K-69': {
    text: '`ConsumptionMode` may be Queue',
    source: 'polling-kafka-queue',
    differs: 'it causes an error, because kafkajs does not support share groups',
  },
  'K-70': { text: 'a mapping has a `State`', source: API, without: CONTROL_PLANE },
  'K-71': { text: '`Enabled: false` stops polling; when enabled again, the mapping resumes', source: API },
  'K-72': {
    text: 'a mapping can be updated in place',
    source: PARAMS,
    without: `${CONTROL_PLANE}; a restart reads the new configuration`,
  },
  'K-73': {
    text: '`LastProcessingResult` says why a mapping does not work',
    source: 'with-kafka-troubleshoot',
    differs: 'the log says the reason and what to do',
  },
  'K-74': {
    text: 'a mapping has a `StateTransitionReason`',
    source: 'with-kafka-troubleshoot',
    without: CONTROL_PLANE,
  },
  'K-75': { text: 'records are delivered at least once, also during rebalances and restarts', source: ESM },
  'K-76': { text: 'the metric `OffsetLag` is the number of unprocessed records', source: METRICS },
  'K-77': { text: 'metrics are in the groups EventCount, ErrorCount and KafkaMetrics', source: METRICS },
  'K-78': { text: 'a mapping may have tags, a KMS key, and metrics and logging settings', source: PARAMS },
  'K-79': { text: 'keys of the `msk` event', source: 'osls and Serverless' },
  'K-80': { text: 'keys of the `kafka` event, and its authentication', source: 'osls and Serverless' },
  'K-81': { text: 'keys for provisioned pollers and destinations in each framework', source: 'osls and Serverless' },
  'K-82': { text: '`maximumBatchingWindow: 0` is not written to the template', source: 'osls and Serverless' },
  'K-83': {
    text: 'which records of transactions are delivered',
    source: 'not documented',
    differs:
      'not documented by AWS; here as with read_committed: records of committed transactions only, in offset order',
  },
};
