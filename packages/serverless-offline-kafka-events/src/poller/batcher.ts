import type { PartitionRecords } from '../batch.ts';
import type { PartitionBuffer } from './partition-buffer.ts';
import type { BrokerRecord } from '../broker/port.ts';

export interface BatchLimits {
  /** Maximum number of records in a batch, over all its partitions (K-14, K-20). */
  readonly batchSize: number;
  /** Batching window in milliseconds: 500 by default (K-15); 0 closes a batch as soon as it has a record (K-19). */
  readonly windowMs: number;
  /** Maximum size of all records and partition names in a payload, in bytes (K-17). */
  readonly payloadBytes: number;
  /** Size in bytes that a partition adds to the payload besides its records. */
  readonly partitionBytes: (partition: number) => number;
}

/** `waitMs`: decide again after this time, or earlier when records arrive. Infinity: only when records arrive. */
export type Decision = { readonly close: true } | { readonly close: false; readonly waitMs: number };

/**
 * Decides when a batch closes and which records it contains. No I/O: time is an argument, in milliseconds.
 *
 * The batching window starts when the previous invocation completes (K-18). A window without records expires, and the
 * next record starts a new one.
 */
export class Batcher {
  readonly #limits: BatchLimits;
  #windowStart: number | undefined;
  /** Whether the buffers were empty at the last decision. */
  #wasEmpty = true;
  #batchesTaken = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  /** Starts the next window after an invocation of this poller. After a retry a window may be open: it continues. */
  invocationCompleted(now: number): void {
    this.#windowStart ??= now;
  }

  decide(now: number, buffers: readonly PartitionBuffer[]): Decision {
    const { batchSize, windowMs, payloadBytes } = this.#limits;
    let count = 0;
    let bytes = 0;
    for (const buffer of buffers) {
      count += buffer.length;
      bytes += buffer.bytes;
    }
    const hasEnded = this.#windowStart !== undefined && now >= this.#windowStart + windowMs;
    if (this.#wasEmpty && hasEnded) this.#windowStart = undefined;
    this.#wasEmpty = count === 0;
    if (count === 0) return { close: false, waitMs: Infinity };
    if (count >= batchSize || bytes >= payloadBytes) return { close: true };
    this.#windowStart ??= now;
    const waitMs = this.#windowStart + windowMs - now;
    return waitMs <= 0 ? { close: true } : { close: false, waitMs };
  }

  /**
   * Takes one batch. Each batch starts with the next partition in turn, so that all partitions are served. A record too
   * big for a payload forms a batch of its own (K-53). The result is empty only if all buffers are empty.
   */
  take(buffers: readonly PartitionBuffer[]): PartitionRecords {
    const { batchSize, payloadBytes, partitionBytes } = this.#limits;
    const records = new Map<number, readonly BrokerRecord[]>();
    let count = 0;
    let bytes = 0;
    const first = this.#batchesTaken++;
    for (let i = 0; i < buffers.length && count < batchSize; i++) {
      const buffer = buffers[(first + i) % buffers.length];
      if (buffer === undefined || buffer.length === 0) continue;
      const remainingBytes = payloadBytes - bytes - partitionBytes(buffer.partition);
      const head = buffer.peek();
      const isTooBig = count === 0 && head !== undefined && head.size > remainingBytes;
      const taken = isTooBig ? buffer.take(1, head.size) : buffer.take(batchSize - count, remainingBytes);
      if (taken.records.length === 0) continue;
      records.set(buffer.partition, taken.records);
      count += taken.records.length;
      bytes += taken.bytes + partitionBytes(buffer.partition);
      if (isTooBig) break;
    }
    this.#windowStart = undefined;
    this.#wasEmpty = false;
    return records;
  }
}
