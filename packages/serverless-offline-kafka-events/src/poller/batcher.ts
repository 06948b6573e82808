import type { PartitionRecords } from '../batch.ts';
import type { PartitionBuffer } from './partition-buffer.ts';
import type { BrokerRecord } from '../broker/port.ts';

export interface BatchLimits {
  /** Records per batch, across partitions (K-14, K-20). */
  readonly batchSize: number;
  /** Milliseconds: 500 by default (K-15); 0 closes a batch at once (K-19). */
  readonly windowMs: number;
  /** Bytes of records and partition names that fit in a payload (K-17). */
  readonly payloadBytes: number;
  /** Bytes that naming a partition adds. */
  readonly partitionBytes: (partition: number) => number;
}

/** `waitMs` may be Infinity: ask again when records arrive. */
export type Decision = { readonly close: true } | { readonly close: false; readonly waitMs: number };

/**
 * Decides when a batch closes and which records it holds. Pure: time is an argument, in milliseconds.
 *
 * The window starts when the previous invocation completes (K-18). A window in which no record arrives ends unused: the
 * first record after it opens a new window and waits for all of it.
 */
export class Batcher {
  readonly #limits: BatchLimits;
  #windowStart: number | undefined;
  #idle = true;
  #turn = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  /** An invocation of this poller ended: the next window begins, unless one is open (a retry came in between). */
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
    const over = this.#windowStart !== undefined && now >= this.#windowStart + windowMs;
    if (this.#idle && over) this.#windowStart = undefined;
    this.#idle = count === 0;
    if (count === 0) return { close: false, waitMs: Infinity };
    if (count >= batchSize || bytes >= payloadBytes) return { close: true };
    this.#windowStart ??= now;
    const waitMs = this.#windowStart + windowMs - now;
    return waitMs <= 0 ? { close: true } : { close: false, waitMs };
  }

  /**
   * Takes one batch. Each batch begins with the next partition in turn, so that none starves. A record that fits no
   * payload is a batch of its own (K-53); the result is empty only if the buffers are.
   */
  take(buffers: readonly PartitionBuffer[]): PartitionRecords {
    const { batchSize, payloadBytes, partitionBytes } = this.#limits;
    const records = new Map<number, readonly BrokerRecord[]>();
    let count = 0;
    let bytes = 0;
    const first = this.#turn++;
    for (let i = 0; i < buffers.length && count < batchSize; i++) {
      const buffer = buffers[(first + i) % buffers.length];
      if (buffer === undefined || buffer.length === 0) continue;
      const room = payloadBytes - bytes - partitionBytes(buffer.partition);
      const head = buffer.peek();
      const alone = count === 0 && head !== undefined && head.size > room;
      const part = alone ? buffer.take(1, head.size) : buffer.take(batchSize - count, room);
      if (part.records.length === 0) continue;
      records.set(buffer.partition, part.records);
      count += part.records.length;
      bytes += part.bytes + partitionBytes(buffer.partition);
      if (alone) break;
    }
    this.#windowStart = undefined;
    this.#idle = false;
    return records;
  }
}
