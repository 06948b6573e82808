import { DEAD_LETTER_TOPIC } from '../infra/topics.js';
import type { UnreadableRecord } from './adapters/kafka/event.ts';
import type { Logger } from './log.ts';
import type { RecordLog } from './ports.ts';

/** Base64 characters (a multiple of 4) of a record's value that are kept; with the rest it stays below Kafka's 1 MiB. */
const MAX_VALUE = 700_000;

/** The whole of it stands where it stood, as long as the topic keeps it. */
const shorten = (record: UnreadableRecord) =>
  record.value.length > MAX_VALUE ? { ...record, value: record.value.slice(0, MAX_VALUE), truncated: true } : record;

/** Puts the records that could not be read where somebody can look at them, with the reason. Nothing when all could. */
export const setAside = async (
  records: RecordLog,
  log: Logger,
  unreadable: readonly UnreadableRecord[],
): Promise<void> => {
  if (unreadable.length === 0) return;
  for (const { topic, partition, offset, reason } of unreadable)
    log.warn('record set aside', { topic, partition, offset, reason });
  await records.append(
    DEAD_LETTER_TOPIC,
    unreadable.map((record) => ({ value: JSON.stringify(shorten(record)) })),
  );
};
