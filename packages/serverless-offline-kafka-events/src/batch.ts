import type { BrokerRecord } from './broker/port.ts';

/** Records per partition, each list in offset order and not empty. */
export type PartitionRecords = ReadonlyMap<number, readonly BrokerRecord[]>;

/** The records of one invocation, and the offsets to commit once they are processed. */
export interface Batch {
  readonly records: PartitionRecords;
  /** By partition, the offset to commit when the batch is processed: after filtered records and offset gaps (K-60). */
  readonly nextOffsets: ReadonlyMap<number, number>;
  readonly count: number;
  /** Number of invocations that reached the function (K-36, K-38). */
  readonly attempts: number;
  /** Number of consecutive failures for any reason; determines the backoff (K-37). */
  readonly failures: number;
  /** The second half of a bisected partition, which is delivered after this batch (K-21, K-42). */
  readonly remainder: Batch | undefined;
}

export const countRecords = (records: PartitionRecords): number => {
  let count = 0;
  for (const list of records.values()) count += list.length;
  return count;
};

export const newBatch = (
  records: PartitionRecords,
  nextOffsets: ReadonlyMap<number, number>,
  remainder?: Batch,
): Batch => ({
  records,
  nextOffsets,
  count: countRecords(records),
  attempts: 0,
  failures: 0,
  remainder,
});

/** The records that `keep` accepts; partitions without such records are omitted. */
export const selectRecords = (records: PartitionRecords, keep: (record: BrokerRecord) => boolean): PartitionRecords => {
  const selected = new Map<number, readonly BrokerRecord[]>();
  for (const [partition, list] of records) {
    const kept = list.filter(keep);
    if (kept.length > 0) selected.set(partition, kept);
  }
  return selected;
};

/** The same batch with only these records, or `undefined` when there are none. */
export const withRecords = (batch: Batch, records: PartitionRecords): Batch | undefined =>
  records.size === 0
    ? undefined
    : {
        ...batch,
        records,
        nextOffsets: new Map(
          [...records.keys()].map((partition) => [partition, batch.nextOffsets.get(partition) ?? 0]),
        ),
        count: countRecords(records),
      };

/** The batches to deliver after this one: the second half of a bisected partition, or none. */
export const remainderOf = (batch: Batch): Batch[] => (batch.remainder ? [batch.remainder] : []);

/** The offset to commit for a partition once a batch and its remainders are processed. */
export const finalOffset = (batch: Batch, partition: number): number | undefined =>
  batch.remainder ? finalOffset(batch.remainder, partition) : batch.nextOffsets.get(partition);
