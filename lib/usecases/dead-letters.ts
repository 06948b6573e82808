import { z } from 'zod';
import { DEAD_LETTER_TOPIC } from '../config/topics.ts';
import type { Logger } from '../log.ts';
import type { Rejected } from '../domain/decode.ts';
import type { RecordLog } from '../ports.ts';
import { appendAll } from './append-all.ts';

/** Position of a record. `timestamp` (ms) distinguishes it from a record of a former topic with the same name. */
const placeSchema = z.object({
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: z.int().nonnegative(),
  timestamp: z.int().optional(),
});
export type Place = z.infer<typeof placeSchema>;

/** A record that could not be read, with the reason. `key` and `value` are the original bytes in base64. */
const deadLetterSchema = placeSchema.extend({
  reason: z.string(),
  key: z.base64().optional(),
  value: z.base64(),
  /** The value was cut, or the key left out, because of their size. The whole record is still in its topic. */
  truncated: z.literal(true).optional(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** Written by a replay before and after it puts a record back. */
const replayMarkSchema = z.object({ replay: z.enum(['begun', 'done']), of: placeSchema });
export type ReplayMark = z.infer<typeof replayMarkSchema>;

/** A record of the dead-letter topic. */
export const deadLetterTopicSchema = z.union([deadLetterSchema, replayMarkSchema]);

/** Maximum length of a value in base64 (a multiple of 4): the whole dead letter stays below Kafka's limit of 1 MiB. */
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

/** Writes records that can't be parsed to the dead-letter topic, with their original bytes and the reason. */
export const setAside = async (records: RecordLog, log: Logger, rejected: readonly Rejected[]): Promise<void> => {
  for (const { record, reason } of rejected)
    log.warn('record set aside', { topic: record.topic, partition: record.partition, offset: record.offset, reason });
  await appendAll(
    records,
    DEAD_LETTER_TOPIC,
    rejected.map((each) => ({ value: JSON.stringify(shorten(toDeadLetter(each))) })),
  );
};
