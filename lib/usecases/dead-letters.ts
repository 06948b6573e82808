import { z } from 'zod';
import { DEAD_LETTER_TOPIC } from '../config/topics.ts';
import type { Logger } from '../log.ts';
import type { Rejected } from '../domain/decode.ts';
import type { RecordLog } from '../ports.ts';
import { appendAll } from './append-all.ts';

/** Where a record stood. The time that it has (ms) tells it from one that stood there before its topic was made anew. */
const placeSchema = z.object({
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: z.int().nonnegative(),
  timestamp: z.int().optional(),
});
export type Place = z.infer<typeof placeSchema>;

/** A record that could not be read, and why. `key` and `value` are as they came, base64. */
const deadLetterSchema = placeSchema.extend({
  reason: z.string(),
  key: z.base64().optional(),
  value: z.base64(),
  /** The value is cut, or the key left out: they would have been too large. The whole stands where it stood. */
  truncated: z.literal(true).optional(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** What a replay leaves in the topic: that it is about to put a record back, and that it has done so. */
const replayMarkSchema = z.object({ replay: z.enum(['begun', 'done']), of: placeSchema });
export type ReplayMark = z.infer<typeof replayMarkSchema>;

/** What stands in the dead-letter topic. */
export const deadLetterTopicSchema = z.union([deadLetterSchema, replayMarkSchema]);

/** Base64 characters (a multiple of 4) of a record's value that are kept; with the rest it stays below Kafka's 1 MiB. */
const MAX_VALUE = 700_000;
const MAX_KEY = 40_000;
const MAX_REASON = 1000;
const shorten = ({ key, value, reason, ...place }: DeadLetter): DeadLetter => {
  const longKey = key !== undefined && key.length > MAX_KEY;
  return {
    ...place,
    reason: reason.slice(0, MAX_REASON),
    ...(key === undefined || longKey ? {} : { key }),
    value: value.slice(0, MAX_VALUE),
    ...(longKey || value.length > MAX_VALUE ? { truncated: true } : {}),
  };
};

const toDeadLetter = ({ record, reason }: Rejected): DeadLetter => {
  const { topic, partition, offset, timestamp, key, value = new Uint8Array() } = record;
  return {
    ...{ topic, partition, offset, timestamp, reason },
    ...(key ? { key: Buffer.from(key).toString('base64') } : {}),
    value: Buffer.from(value).toString('base64'),
  };
};

/** Writes records that can't be used to the dead-letter topic, as they came, with the reason. */
export const setAside = async (records: RecordLog, log: Logger, rejected: readonly Rejected[]): Promise<void> => {
  for (const { record, reason } of rejected)
    log.warn('record set aside', { topic: record.topic, partition: record.partition, offset: record.offset, reason });
  await appendAll(
    records,
    DEAD_LETTER_TOPIC,
    rejected.map((each) => ({ value: JSON.stringify(shorten(toDeadLetter(each))) })),
  );
};
