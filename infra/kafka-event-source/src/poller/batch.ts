import type { BrokerRecord } from '../broker/port.ts';

/** Records on their way to the function, and where their partitions stand once they are dealt with. */
export interface Batch {
  readonly records: ReadonlyMap<number, readonly BrokerRecord[]>;
  /** Next offset per partition, past filtered records and gaps (K-60). */
  readonly next: ReadonlyMap<number, number>;
  readonly count: number;
  readonly bytes: number;
  /** Invocations that reached the function. */
  attempts: number;
}
