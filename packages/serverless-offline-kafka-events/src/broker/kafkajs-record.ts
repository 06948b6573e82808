import type { KafkaMessage } from 'kafkajs';
import { wireHeaders } from './kafkajs-headers.ts';
import type { BrokerRecord } from './port.ts';

type Headers = BrokerRecord['headers'];
const NO_HEADERS: Headers = [];

const toBytes = (value: Buffer | string | null | undefined): Uint8Array | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? Buffer.from(value) : value;

const toHeaders = (headers: KafkaMessage['headers']): Headers => {
  if (headers === undefined) return NO_HEADERS;
  const wire = wireHeaders(headers);
  if (wire !== undefined) return wire.map(({ key, value }) => [key, value]);
  const list: (readonly [string, Uint8Array | null])[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) for (const one of value) list.push([name, toBytes(one)]);
    else list.push([name, toBytes(value)]);
  }
  return list.length === 0 ? NO_HEADERS : list;
};

/** `batchContext` is there at run time but not in the typings; `timestampType` 1 is log append time. */
interface WithContext {
  readonly batchContext?: { readonly timestampType?: number };
}

/** kafkajs gives offset and timestamp as strings. */
export const toRecord = (partition: number, message: KafkaMessage): BrokerRecord => ({
  partition,
  offset: Number(message.offset),
  timestamp: Number(message.timestamp),
  timestampType:
    (message as KafkaMessage & WithContext).batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
  key: message.key,
  value: message.value,
  headers: toHeaders(message.headers),
});
