import type { BrokerRecord } from './broker/port.ts';

/** Records per partition, each list in offset order and not empty. */
export type PartitionRecords = ReadonlyMap<number, readonly BrokerRecord[]>;

/** Records for one invocation, and the offsets that their partitions reach once these records are processed. */
export interface Batch {
  readonly records: PartitionRecords;
  /** By partition, the offset to commit when the batch is processed: past filtered records and gaps (K-60). */
  readonly nextOffsets: ReadonlyMap<number, number>;
  readonly count: number;
  /** Invocations that reached the function (K-36, K-38). */
  readonly attempts: number;
  /** Failed tries in a row, for any reason: they determine the backoff (K-37). */
  readonly failures: number;
  /** The second half of a bisected partition, which waits until this batch is processed (K-21, K-42). */
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

/** The records that `keep` accepts, without partitions that have none. */
export const selectRecords = (records: PartitionRecords, keep: (record: BrokerRecord) => boolean): PartitionRecords => {
  const selected = new Map<number, readonly BrokerRecord[]>();
  for (const [partition, list] of records) {
    const kept = list.filter(keep);
    if (kept.length > 0) selected.set(partition, kept);
  }
  return selected;
};

/** The same batch with fewer records, `undefined` when none is left. */
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

/** What is delivered after a batch: the second half of a bisected one, or nothing. */
export const remainderOf = (batch: Batch): Batch[] => (batch.remainder ? [batch.remainder] : []);

/** The offset that a partition reaches once a batch and its remainders are processed. */
export const endOf = (batch: Batch, partition: number): number | undefined =>
  batch.remainder ? endOf(batch.remainder, partition) : batch.nextOffsets.get(partition);
