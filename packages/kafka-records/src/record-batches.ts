import { RecordsError } from './errors.ts';
import { ByteReader } from './byte-reader.ts';
import { crc32c } from './crc32c.ts';

/** Positions of the fields of a batch, in bytes from its beginning. The CRC covers the bytes from `CRC_DATA_AT` on. */
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const CRC_DATA_AT = 21;
const HEADER_BYTES = 61;
const LENGTH_END = 12;

const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The header of a record batch, and its encoded records. */
export interface RecordBatch {
  readonly baseOffset: number;
  /** The offset after the last one of the batch; compaction may remove records, but keeps this. */
  readonly nextOffset: number;
  readonly compression: number;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly transactional: boolean;
  /** Whether the batch contains only a transaction marker, no records for consumers. */
  readonly control: boolean;
  readonly producerId: bigint;
  readonly count: number;
  readonly records: Buffer;
}

/** Whether these are record batches; brokers before Kafka 0.11 sent message sets. */
export const areRecordBatches = (bytes: Buffer): boolean => bytes.length <= MAGIC_AT || bytes[MAGIC_AT] === 2;

/**
 * Yields the complete batches at the beginning of these bytes; the broker may truncate the last batch of a response.
 * @throws RecordsError RECORDS_CORRUPT for a batch that does not match its CRC-32C, as in the Java client
 */
export function* recordBatches(bytes: Buffer): Generator<RecordBatch> {
  for (let at = 0; bytes.length - at >= HEADER_BYTES;) {
    const size = LENGTH_END + bytes.readInt32BE(at + LENGTH_AT);
    if (size > bytes.length - at) return;
    const batch = bytes.subarray(at, at + size);
    if (size < HEADER_BYTES || crc32c(batch.subarray(CRC_DATA_AT)) !== batch.readUInt32BE(CRC_AT)) {
      const from = bytes.readBigInt64BE(at);
      throw new RecordsError('RECORDS_CORRUPT', `the records starting at offset ${from} do not match their checksum`);
    }
    yield parse(batch);
    at += size;
  }
}

const parse = (batch: Buffer): RecordBatch => {
  const reader = new ByteReader(batch);
  const baseOffset = Number(reader.int64());
  reader.position = CRC_DATA_AT;
  const attributes = reader.int16();
  const nextOffset = baseOffset + reader.int32() + 1;
  const baseTimestamp = Number(reader.int64());
  const maxTimestamp = Number(reader.int64());
  const producerId = reader.int64();
  reader.position += 6; // producer epoch and base sequence
  const count = reader.int32();
  return {
    baseOffset,
    nextOffset,
    compression: attributes & COMPRESSION,
    timestampType: attributes & LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    baseTimestamp,
    maxTimestamp,
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    producerId,
    count,
    records: batch.subarray(HEADER_BYTES),
  };
};
