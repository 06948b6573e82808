import type { LoggedReaction } from '../domain/counting.ts';
import { decodeRecords, type Rejected } from '../domain/decode.ts';
import { reactionSchemas, type Reaction } from '../domain/reaction.ts';
import { topicPartition, type StreamRecord } from '../domain/stream.ts';

/**
 * A tap is received before its record is written, so `received_at` can't be later than the record's time. This much (ms)
 * is tolerated, because clocks of machines differ.
 */
const CLOCK_TOLERANCE_MS = 3_600_000;
const isEarly = (value: Reaction, { timestamp }: StreamRecord): boolean =>
  timestamp > 0 && Date.parse(value.received_at) > timestamp + CLOCK_TOLERANCE_MS;

/** A tap written by another program may lack `received_at`: then the record's time is used, if it is valid. */
const complete = (value: unknown, { timestamp }: StreamRecord): unknown => {
  if (typeof value !== 'object' || value === null || 'received_at' in value) return value;
  const received = new Date(timestamp);
  return timestamp < 0 || Number.isNaN(received.getTime()) ? value : { ...value, received_at: received.toISOString() };
};

/** Creates the decoder of `emoji_topic`. Its result for a record depends on that record only. */
export const tapReader = (shortCodes: readonly string[]) => {
  const { reaction: schema } = reactionSchemas(shortCodes);
  return (records: readonly StreamRecord[]): { taps: LoggedReaction[]; rejected: Rejected[] } => {
    const { decoded, rejected } = decodeRecords(records, schema, complete);
    const taps: LoggedReaction[] = [];
    for (const { record, value } of decoded) {
      if (isEarly(value, record)) {
        rejected.push({ record, reason: 'received_at lies after the time of the record' });
        continue;
      }
      taps.push({
        topicPartition: topicPartition(record.topic, record.partition),
        offset: record.offset,
        appended: record.isAppendTime ? record.timestamp : 0,
        reaction: value,
      });
    }
    return { taps, rejected };
  };
};
