import type { MSKEvent } from 'aws-lambda';
import type { z } from 'zod';
import type { DeadLetter } from '../../usecases/dead-letters.ts';

/** A record of a Lambda event that could be read. `partition` is `topic-partition`, the event's own key. */
interface DecodedRecord<T> {
  topic: string;
  partition: string;
  partitionNumber: number;
  offset: number;
  /** The record's own time (ms). */
  timestamp: number;
  value: T;
}

export interface DecodedEvent<T> {
  records: DecodedRecord<T>[];
  unreadable: DeadLetter[];
}

/** What a schema has against a value, in a line. */
export const reasonOf = ({ issues }: z.core.$ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'value'} ${message}`).join('; ');

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the records of a Kafka event (MSK or self-managed) one by one, in offset order per partition: one that can't
 * be read does not keep the others back.
 * @param complete adds what a record that was not written by us may lack, from the record's own time (ms).
 */
export const decodeEvent = <T extends z.ZodType>(
  event: Pick<MSKEvent, 'records'>,
  schema: T,
  complete: (value: unknown, timestamp: number) => unknown = (value) => value,
): DecodedEvent<z.infer<T>> => {
  const records: DecodedRecord<z.infer<T>>[] = [];
  const unreadable: DeadLetter[] = [];
  for (const [partition, entries] of Object.entries(event.records)) {
    for (const { topic, partition: partitionNumber, offset, timestamp, key, value: given } of entries) {
      const value = given ?? ''; // a record without a value, as in compacted topics
      const fail = (reason: string) =>
        unreadable.push({
          ...{ topic, partition: partitionNumber, offset, timestamp, reason },
          ...(key ? { key } : {}),
          value,
        });
      let json: unknown;
      try {
        json = JSON.parse(utf8.decode(Buffer.from(value, 'base64')));
      } catch {
        fail('not JSON in UTF-8');
        continue;
      }
      const parsed = schema.safeParse(complete(json, timestamp));
      if (parsed.success) records.push({ topic, partition, partitionNumber, offset, timestamp, value: parsed.data });
      else fail(reasonOf(parsed.error));
    }
  }
  return { records, unreadable };
};
