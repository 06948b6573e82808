import type { MSKEvent } from 'aws-lambda';
import type { StreamRecord } from '../../domain/stream.ts';

/** A Kafka event as Lambda receives it from MSK or a self-managed cluster. */
export type KafkaEvent = Pick<MSKEvent, 'records'>;

const bytes = (base64: string | null | undefined) => (base64 == null ? undefined : Buffer.from(base64, 'base64'));

/** The records of a Lambda event, in offset order per partition. */
export const recordsOf = (event: KafkaEvent): StreamRecord[] =>
  Object.values(event.records).flatMap((records) =>
    records.map(({ topic, partition, offset, timestamp, timestampType, key: givenKey, value: givenValue }) => {
      const [key, value] = [bytes(givenKey), bytes(givenValue)];
      return {
        ...{ topic, partition, offset, timestamp, isAppendTime: timestampType === 'LOG_APPEND_TIME' },
        ...(key ? { key } : {}),
        ...(value ? { value } : {}),
      };
    }),
  );
