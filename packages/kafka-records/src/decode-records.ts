import { RecordsError } from './errors.ts';
import { ByteReader } from './byte-reader.ts';
import { decompress } from './codecs.ts';
import type { KafkaRecord } from './record.ts';
import { recordBatches } from './record-batches.ts';
import type { RecordBatch } from './record-batches.ts';

/** An aborted transaction in a fetch response. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** The result of one fetch for one partition. */
export interface Chunk {
  /** In offset order; may be empty. */
  readonly records: readonly KafkaRecord[];
  /** The offset after the last batch, even if that has no records. The next fetch starts there. */
  readonly next: number;
}

/** The undecoded part of a fetch response for one partition. */
export interface Fetched {
  readonly partition: number;
  /** The requested offset; the first batch may begin before it. */
  readonly from: number;
  readonly bytes: Buffer;
  readonly aborted: readonly AbortedTransaction[];
}

/**
 * Decodes the records that a consumer with `read_committed` sees, as in the Java client: no control records, and no
 * records of aborted transactions.
 * @throws RecordsError RECORDS_CORRUPT, CODEC_MISSING
 */
export const decodeRecords = async ({ partition, from, bytes, aborted }: Fetched): Promise<Chunk> => {
  const isVisible = committedOnly(aborted);
  const records: KafkaRecord[] = [];
  let next = from;
  for (const batch of recordBatches(bytes)) {
    if (isVisible(batch)) {
      for (const record of readRecords(partition, batch, await uncompressed(batch))) {
        if (record.offset >= from) records.push(record);
      }
    }
    next = Math.max(next, batch.nextOffset);
  }
  return { records, next };
};

const uncompressed = async (batch: RecordBatch): Promise<Buffer> =>
  batch.compression === 0 || batch.count === 0 ? batch.records : decompress(batch.compression, batch.records);

const ABORT = 0;

/** Returns whether a batch is visible. Must be called for every batch, in offset order. */
const committedOnly = (transactions: readonly AbortedTransaction[]): ((batch: RecordBatch) => boolean) => {
  // The broker sorts them by their last offset.
  const pending = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<bigint>();
  let reached = 0;
  return (batch) => {
    for (; (pending[reached]?.firstOffset ?? Infinity) < batch.nextOffset; reached++) {
      aborted.add((pending[reached] as AbortedTransaction).producerId);
    }
    if (!batch.control) return !(batch.transactional && aborted.has(batch.producerId));
    if (markerOf(batch) === ABORT) aborted.delete(batch.producerId);
    return false;
  };
};

/** The type of the marker in a control batch; `undefined` if compaction has removed it. */
const markerOf = (batch: RecordBatch): number | undefined => {
  const [marker] = readRecords(0, batch, batch.records);
  const key = marker?.key;
  return key && key.length >= 4 ? Buffer.from(key).readInt16BE(2) : undefined;
};

const NO_HEADERS: KafkaRecord['headers'] = [];

const readRecords = (partition: number, batch: RecordBatch, bytes: Buffer): KafkaRecord[] => {
  const { baseOffset, baseTimestamp, maxTimestamp, timestampType, count } = batch;
  const reader = new ByteReader(bytes);
  const records: KafkaRecord[] = [];
  try {
    for (let n = 0; n < count; n++) {
      const end = reader.varint() + reader.position;
      reader.int8(); // attributes, which Kafka does not use
      const sinceBase = reader.varlong();
      records.push({
        partition,
        offset: baseOffset + reader.varint(),
        timestamp: timestampType === 'LOG_APPEND_TIME' ? maxTimestamp : baseTimestamp + sinceBase,
        timestampType,
        key: reader.varintBytes(),
        value: reader.varintBytes(),
        headers: readHeaders(reader),
      });
      reader.position = end;
    }
  } catch (cause) {
    throw new RecordsError('RECORDS_CORRUPT', `the records starting at offset ${baseOffset} cannot be decoded`, {
      cause,
    });
  }
  return records;
};

/** A list, not an object: names may repeat, and may be names of object properties such as `__proto__`. */
const readHeaders = (reader: ByteReader): KafkaRecord['headers'] => {
  const count = reader.varint();
  if (count <= 0) return NO_HEADERS;
  const headers: [string, Uint8Array | null][] = [];
  for (let n = 0; n < count; n++) headers.push([reader.varintBytes()?.toString() ?? '', reader.varintBytes()]);
  return headers;
};
