import type { BrokerRecord } from '../broker/port.ts';
import { newBatch } from '../batch.ts';
import type { Batch } from '../batch.ts';

/**
 * Splits a failed batch into two halves (K-42). If it has several partitions, each goes to one of the halves, so that
 * neither half waits for the other. A single partition is split in the middle, and its second half is delivered after
 * the first. Splitting does not count as a retry; AWS documents this for Kinesis, not for Kafka.
 * @returns the batches to invoke next, in this order
 */
export const bisect = (batch: Batch): Batch[] => {
  if (batch.records.size > 1) return dividePartitions(batch);
  const [entry] = batch.records;
  const [partition, records] = entry ?? [];
  if (partition === undefined || records === undefined || records.length < 2) return [batch];
  const middle = Math.ceil(records.length / 2);
  const second = newBatch(new Map([[partition, records.slice(middle)]]), batch.nextOffsets, batch.remainder);
  const boundary = records[middle]?.offset ?? 0;
  return [newBatch(new Map([[partition, records.slice(0, middle)]]), new Map([[partition, boundary]]), second)];
};

const dividePartitions = (batch: Batch): Batch[] => {
  const halves = [new Map<number, readonly BrokerRecord[]>(), new Map<number, readonly BrokerRecord[]>()] as const;
  const counts: [number, number] = [0, 0];
  const bySize = [...batch.records].sort(([, a], [, b]) => b.length - a.length);
  for (const [partition, records] of bySize) {
    const half = counts[0] <= counts[1] ? 0 : 1;
    halves[half].set(partition, records);
    counts[half] += records.length;
  }
  return halves.map((records) => newBatch(records, pick(batch.nextOffsets, records)));
};

const pick = (offsets: ReadonlyMap<number, number>, records: ReadonlyMap<number, unknown>): Map<number, number> =>
  new Map([...offsets].filter(([partition]) => records.has(partition)));
