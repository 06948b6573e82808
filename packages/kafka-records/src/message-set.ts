import type { KafkaMessage } from 'kafkajs';
import type { Chunk } from './decode-records.ts';

/** Converts messages that kafkajs decoded from a message set, the format before record batches. It has no headers. */
export const fromMessageSet = (partition: number, messages: readonly KafkaMessage[]): Chunk => ({
  records: messages.map(({ offset, timestamp, key, value }) => ({
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp ?? -1),
    timestampType: 'CREATE_TIME',
    key,
    value,
    headers: [],
  })),
  next: Math.max(0, ...messages.map(({ offset }) => Number(offset) + 1)),
});
