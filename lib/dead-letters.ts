import { DEAD_LETTER_TOPIC } from '../infra/topics.js';
import type { UnreadableRecord } from './adapters/kafka/event.ts';
import type { Logger } from './log.ts';
import type { RecordLog } from './ports.ts';

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
    unreadable.map((record) => ({ value: JSON.stringify(record) })),
  );
};
