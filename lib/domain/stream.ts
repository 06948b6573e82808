/** A record of a Kafka topic. */
export interface StreamRecord {
  topic: string;
  partition: number;
  offset: number;
  /** ms since the epoch. */
  timestamp: number;
  /** Whether the broker set `timestamp` when it appended the record; otherwise the producer did. */
  isAppendTime: boolean;
  key?: Uint8Array;
  /** Absent in a record without a value (a tombstone). */
  value?: Uint8Array;
}

/** `topic-partition`, the name of a topic's partition in AWS's events. */
export const topicPartition = (topic: string, partition: number): string => `${topic}-${partition}`;

/** The partition of a `topic-partition`; the topic may contain hyphens. */
export const partitionOf = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));

/** A range of offsets of one topic partition. */
export interface Span {
  first: number;
  last: number;
  /** The latest record time (ms); -1 without records. */
  newest: number;
  /** The latest time (ms) that the broker set itself; 0 when there is none. */
  appended: number;
}

/** `topic-partition` → span. */
export type Spans = ReadonlyMap<string, Span>;

/** The span of each topic partition in a batch. Within a partition, offsets must ascend. */
export const spansOf = (records: Iterable<StreamRecord>): Map<string, Span> => {
  const spans = new Map<string, Span>();
  for (const { topic, partition, offset, timestamp, isAppendTime } of records) {
    const name = topicPartition(topic, partition);
    const appended = isAppendTime ? timestamp : 0;
    const span = spans.get(name);
    if (span === undefined) spans.set(name, { first: offset, last: offset, newest: timestamp, appended });
    else {
      span.last = offset;
      span.newest = Math.max(span.newest, timestamp);
      span.appended = Math.max(span.appended, appended);
    }
  }
  return spans;
};

/** Offsets `from` to `to` − 1 of a `topic-partition`. */
export interface OffsetRange {
  topicPartition: string;
  from: number;
  to: number;
}

/** The latest time (ms) of the records of a partition up to an offset; -1 when there is none. */
export const newestUpTo = (records: Iterable<StreamRecord>, name: string, last: number): number => {
  let newest = -1;
  for (const { topic, partition, offset, timestamp } of records)
    if (offset <= last && timestamp > newest && topicPartition(topic, partition) === name) newest = timestamp;
  return newest;
};
