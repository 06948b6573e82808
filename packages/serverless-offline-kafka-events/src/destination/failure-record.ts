import { randomUUID } from 'node:crypto';
import type { BrokerRecord } from '../broker/port.ts';
import { buildEvent } from '../event.ts';
import type { EventSource, KafkaEvent } from '../event.ts';
import type { Discarded } from '../failure/resolution.ts';
import { countRecords } from '../batch.ts';

/** The parts that all failure records of a mapping have in common. */
export interface FailureOrigin {
  readonly source: EventSource;
  readonly functionArn: string;
}

interface PartitionInfo {
  readonly firstRecordOffset: string;
  readonly lastRecordOffset: string;
  readonly firstRecordTimestamp: string;
  readonly lastRecordTimestamp: string;
}

interface Common {
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: string;
    readonly approximateInvokeCount: number;
  };
  readonly responseContext: {
    readonly statusCode: number;
    readonly executedVersion: string;
    readonly functionError: string | null;
  } | null;
  readonly version: '1.0';
  readonly timestamp: string;
}

interface BatchInfo {
  readonly batchSize: number;
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
  readonly payloadSize: number;
}

/** The failure record for SQS, SNS and S3; only S3 gets `payload` (K-51). */
export interface FailureRecord extends Common {
  readonly KafkaBatchInfo: BatchInfo & { readonly recordsInfo: Record<string, PartitionInfo> };
  readonly payload?: string;
}

/** The failure record for a Kafka topic, one per record (K-49). */
export interface KafkaFailureRecord extends Common {
  readonly KafkaBatchInfo: BatchInfo & { readonly recordInfo: { readonly offset: string; readonly timestamp: string } };
  readonly payload: KafkaEvent;
}

/** The latest time that a Date supports, in milliseconds; the timestamp of a record may be any 64-bit number. */
const MAX_TIME = 8.64e15;
const iso = (ms: number): string => new Date(Math.max(-MAX_TIME, Math.min(MAX_TIME, ms))).toISOString();

const common = (
  functionArn: string,
  { attempts, functionError }: Discarded,
  condition: string,
  now: number,
): Common => ({
  requestContext: { requestId: randomUUID(), functionArn, condition, approximateInvokeCount: attempts },
  responseContext:
    attempts === 0
      ? null
      : { statusCode: 200, executedVersion: '$LATEST', functionError: functionError ? 'Unhandled' : null },
  version: '1.0',
  timestamp: iso(now),
});

const batchInfo = ({ kind, arn, bootstrapServers }: EventSource, batchSize: number, payload: string): BatchInfo => ({
  batchSize,
  ...(kind === 'msk' && arn !== undefined ? { eventSourceArn: arn } : {}),
  bootstrapServers,
  payloadSize: Buffer.byteLength(payload),
});

const partitionInfo = (records: readonly BrokerRecord[]): PartitionInfo => {
  const [first, last] = [records[0], records.at(-1)];
  return {
    firstRecordOffset: String(first?.offset ?? 0),
    lastRecordOffset: String(last?.offset ?? 0),
    firstRecordTimestamp: iso(first?.timestamp ?? 0),
    lastRecordTimestamp: iso(last?.timestamp ?? 0),
  };
};

/** @param withPayload whether to include the whole event as a JSON string: S3 only (K-51) */
export const failureRecord = (
  { source, functionArn }: FailureOrigin,
  discarded: Discarded,
  now: number,
  withPayload: boolean,
): FailureRecord => {
  const { records, condition } = discarded;
  const payload = JSON.stringify(buildEvent(source, records));
  const recordsInfo = Object.fromEntries(
    [...records].map(([partition, list]) => [`${source.topic}-${partition}`, partitionInfo(list)]),
  );
  return {
    ...common(functionArn, discarded, condition, now),
    KafkaBatchInfo: { ...batchInfo(source, countRecords(records), payload), recordsInfo },
    ...(withPayload ? { payload } : {}),
  };
};

/** In AWS's example for Kafka topics, exhausted retries have another name (K-50), and the ARN includes a version. */
export const kafkaFailureRecord = (
  { source, functionArn }: FailureOrigin,
  discarded: Discarded,
  record: BrokerRecord,
  now: number,
): KafkaFailureRecord => {
  const payload = buildEvent(source, new Map([[record.partition, [record]]]));
  const condition = discarded.condition === 'RetryAttemptsExhausted' ? 'RetriesExhausted' : discarded.condition;
  return {
    ...common(`${functionArn}:$LATEST`, discarded, condition, now),
    KafkaBatchInfo: {
      ...batchInfo(source, 1, JSON.stringify(payload)),
      recordInfo: { offset: String(record.offset), timestamp: iso(record.timestamp) },
    },
    payload,
  };
};
