import type { BrokerRecord } from './broker/port.ts';
import type { EventSource } from './event.ts';

/** The synchronous invocation payload limit, in bytes (K-17). */
export const PAYLOAD_LIMIT = 6 * 1024 * 1024;

const digits = (n: number): number => (n < 10 ? 1 : n < 0 ? String(n).length : Math.floor(Math.log10(n) + 1e-12) + 1);
const base64Size = (bytes: Uint8Array): number => 4 * Math.ceil(bytes.length / 3);

const signedByteSize = (byte: number): number =>
  byte < 10 ? 1 : byte < 100 ? 2 : byte < 128 ? 3 : digits(256 - byte) + 1;

const headersSize = (headers: BrokerRecord['headers']): number => {
  let size = 2 + Math.max(0, headers.length - 1);
  for (const [name, value] of headers) {
    size += Buffer.byteLength(JSON.stringify(name)) + 5;
    if (value === null) continue;
    size += Math.max(0, value.length - 1);
    for (const byte of value) size += signedByteSize(byte);
  }
  return size;
};

/** Size in JSON bytes of an event without records and partition names; constant for a mapping. */
export const envelopeSize = (source: EventSource): number =>
  JSON.stringify({
    eventSource: 'SelfManagedKafka',
    eventSourceArn: source.arn ?? '',
    bootstrapServers: '',
    records: {},
  }).length + Buffer.byteLength(source.bootstrapServers);

/** Size in JSON bytes that one partition adds to an event besides its records: key, colon, brackets, comma. */
export const partitionSize = (topic: string, partition: number): number => topic.length + digits(partition) + 7;

/** Computes the exact size of a record in the event's JSON, including its comma, without building the JSON. */
export const recordSizer = (topic: string): ((record: BrokerRecord) => number) => {
  const fixed = `{"topic":"${topic}","partition":,"offset":,"timestamp":,"timestampType":"","headers":},`.length;
  return (record) =>
    fixed +
    digits(record.partition) +
    digits(record.offset) +
    digits(record.timestamp) +
    record.timestampType.length +
    (record.key === null ? 0 : base64Size(record.key) + 9) +
    (record.value === null ? 0 : base64Size(record.value) + 11) +
    (record.headers.length === 0 ? 2 : headersSize(record.headers));
};
