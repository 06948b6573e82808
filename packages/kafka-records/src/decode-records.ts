import { RecordsError } from './errors.ts';
import { ByteReader } from './byte-reader.ts';
import { decompress } from './codecs.ts';
import type { KafkaRecord } from './record.ts';
import { recordBatches } from './record-batches.ts';
import type { RecordBatch } from './record-batches.ts';

/** A transaction that was aborted, as a fetch response names it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What one fetch brought of a partition. */
export interface Chunk {
  /** In offset order, perhaps none. */
  readonly records: readonly KafkaRecord[];
  /** The offset behind the last batch, whether it holds a record or not: reading goes on there. */
  readonly next: number;
}

/** The part of a fetch response that concerns one partition. */
export interface Fetched {
  readonly partition: number;
  /** The offset that was asked for; the first batch may begin before it. */
  readonly from: number;
  readonly bytes: Buffer;
  readonly aborted: readonly AbortedTransaction[];
}

/**
 * The records that a reader of committed data sees, as Java's client selects them: neither markers nor anything of an
 * aborted transaction.
 * @throws RecordsError RECORDS_CORRUPT, CODEC_MISSING
 */
export const decodeRecords = async ({ partition, from, bytes, aborted }: Fetched): Promise<Chunk> => {
  const isVisible = committedOnly(aborted);
  const records: KafkaRecord[] = [];
  let next = from;
  for (const batch of recordBatches(bytes)) {
    if (isVisible(batch)) {
      for (const record of readRecords(partition, batch, await plain(batch))) {
        if (record.offset >= from) records.push(record);
      }
    }
    next = Math.max(next, batch.nextOffset);
  }
  return { records, next };
};

const plain = async (batch: RecordBatch): Promise<Buffer> =>
  batch.compression === 0 || batch.count === 0 ? batch.records : decompress(batch.compression, batch.records);

const ABORT = 0;

/** Batches have to be asked for in their order. */
const committedOnly = (transactions: readonly AbortedTransaction[]): ((batch: RecordBatch) => boolean) => {
  // The broker lists them by their ends.
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

/** The kind of marker in a control batch; compaction may have removed it. */
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
      reader.int8(); // attributes, not in use
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
    throw new RecordsError('RECORDS_CORRUPT', `the records from offset ${baseOffset} on cannot be decoded`, {
      cause,
    });
  }
  return records;
};

/** As a list: names come from outside, repeat, and may be those of object properties. */
const readHeaders = (reader: ByteReader): KafkaRecord['headers'] => {
  const count = reader.varint();
  if (count <= 0) return NO_HEADERS;
  const headers: [string, Uint8Array | null][] = [];
  for (let n = 0; n < count; n++) headers.push([reader.varintBytes()?.toString() ?? '', reader.varintBytes()]);
  return headers;
};
