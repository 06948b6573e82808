import type { Broker, BrokerRecordToSend } from '../broker/port.ts';
import { describeError, KafkaEventsError } from '../errors.ts';
import { kafkaFailureRecord } from './failure-record.ts';
import type { FailureOrigin } from './failure-record.ts';
import type { FailureDestination } from './port.ts';

/** Half of the broker's default message size limit, so that the broker rejects no request for its size. */
const REQUEST_BYTES = 512 * 1024;

/** A topic of the same cluster. Each record becomes one message, with the key of the record (K-49). */
export const kafkaDestination = (
  topic: string,
  broker: Pick<Broker, 'send'>,
  origin: FailureOrigin,
  now: () => number,
): FailureDestination => {
  const send = async (records: readonly BrokerRecordToSend[]): Promise<void> => {
    try {
      await broker.send(topic, records);
    } catch (cause) {
      throw new KafkaEventsError('DESTINATION_FAILED', `kafka://${topic}: ${describeError(cause)}`, { cause });
    }
  };
  return {
    name: `kafka://${topic}`,
    send: async (discarded) => {
      let chunk: BrokerRecordToSend[] = [];
      let bytes = 0;
      for (const record of [...discarded.records.values()].flat()) {
        const value = Buffer.from(JSON.stringify(kafkaFailureRecord(origin, discarded, record, now())));
        if (chunk.length > 0 && bytes + value.length > REQUEST_BYTES) {
          await send(chunk);
          chunk = [];
          bytes = 0;
        }
        chunk.push({ key: record.key, value });
        bytes += value.length;
      }
      if (chunk.length > 0) await send(chunk);
    },
    close: () => Promise.resolve(),
  };
};
