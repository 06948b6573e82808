import type { BrokerRecord } from './broker/port.ts';

/** Records per partition, each list in offset order and not empty. */
export type PartitionRecords = ReadonlyMap<number, readonly BrokerRecord[]>;

/** Records on their way to the function, and where their partitions stand once they are dealt with. */
export interface Batch {
  readonly records: PartitionRecords;
  /** Next offset per partition, past filtered records and gaps (K-60). */
  readonly next: ReadonlyMap<number, number>;
  readonly count: number;
  /** Invocations that reached the function (K-36, K-38). */
  readonly attempts: number;
  /** Tries in a row that ended badly, whatever the reason: they set the backoff (K-37). */
  readonly failures: number;
  /** The rest of a bisected partition: not before this batch is dealt with (K-21, K-42). */
  readonly after: Batch | undefined;
}

export const countRecords = (records: PartitionRecords): number => {
  let count = 0;
  for (const list of records.values()) count += list.length;
  return count;
};

export const newBatch = (records: PartitionRecords, next: ReadonlyMap<number, number>, after?: Batch): Batch => ({
  records,
  next,
  count: countRecords(records),
  attempts: 0,
  failures: 0,
  after,
});

/** The records that `keep` accepts, partitions without any left out. */
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
        next: new Map([...records.keys()].map((partition) => [partition, batch.next.get(partition) ?? 0])),
        count: countRecords(records),
      };

/** What follows a batch that is dealt with. */
export const followers = (batch: Batch): Batch[] => (batch.after ? [batch.after] : []);

/** Where a partition stands once a batch and all that follows it are dealt with. */
export const endOf = (batch: Batch, partition: number): number | undefined =>
  batch.after ? endOf(batch.after, partition) : batch.next.get(partition);
