import type { BrokerRecord } from './broker/port.ts';

/** One record as Lambda delivers it (K-05 to K-11). A null key or value is an absent field. */
export interface KafkaEventRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  key?: string;
  value?: string;
  headers: Record<string, number[]>[];
}

/** The event of a batch (K-01 to K-04). */
export interface KafkaEvent {
  eventSource: 'aws:kafka' | 'SelfManagedKafka';
  eventSourceArn?: string;
  bootstrapServers: string;
  records: Record<string, KafkaEventRecord[]>;
}

/** The fields that every event of a mapping has in common. */
export interface EventSource {
  readonly kind: 'msk' | 'kafka';
  /** ARN of the MSK cluster; absent for a self-managed cluster (K-02). */
  readonly arn?: string | undefined;
  readonly bootstrapServers: string;
  readonly topic: string;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.isBuffer(bytes)
    ? bytes.toString('base64')
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** Signed bytes, -128 to 127, as in Java (K-11). A null value becomes an empty array (K-12, not documented by AWS). */
const signedBytes = (bytes: Uint8Array | null): number[] =>
  bytes === null ? [] : Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));

const NO_HEADERS: readonly never[] = [];

const buildRecord = (topic: string, record: BrokerRecord): KafkaEventRecord => {
  const built: KafkaEventRecord = {
    topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    timestampType: record.timestampType,
  } as KafkaEventRecord;
  if (record.key !== null) built.key = base64(record.key);
  if (record.value !== null) built.value = base64(record.value);
  built.headers =
    record.headers.length === 0
      ? [...NO_HEADERS]
      : record.headers.map(([name, value]) => ({ [name]: signedBytes(value) }));
  return built;
};

/**
 * Builds the event for these records. Each call creates new objects: a handler that modifies its event does not affect
 * retries. Partitions without records do not appear (K-04); arrays are in offset order (K-21).
 */
export const buildEvent = (
  source: EventSource,
  partitions: ReadonlyMap<number, readonly BrokerRecord[]>,
): KafkaEvent => {
  const records: Record<string, KafkaEventRecord[]> = {};
  for (const [partition, list] of partitions) {
    if (list.length > 0)
      records[`${source.topic}-${partition}`] = list.map((record) => buildRecord(source.topic, record));
  }
  return {
    eventSource: source.kind === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
    ...(source.kind === 'msk' && source.arn !== undefined ? { eventSourceArn: source.arn } : {}),
    bootstrapServers: source.bootstrapServers,
    records,
  };
};
