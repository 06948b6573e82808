import type { BrokerConsumer } from '../broker/port.ts';
import { PAYLOAD_LIMIT } from '../payload-size.ts';
import type { PartitionTable } from './partition-table.ts';

/** Maximum size of a mapping's buffers in bytes, shared by its partitions. */
const BUFFER_BYTES = 64 * 1024 * 1024;

/** Pauses partitions that are read faster than they are delivered, to limit memory use. */
export class FlowControl {
  readonly #table: PartitionTable;
  readonly #consumer: Pick<BrokerConsumer, 'pause' | 'resume'>;
  readonly #batchSize: number;
  readonly #paused = new Set<number>();

  constructor(table: PartitionTable, consumer: Pick<BrokerConsumer, 'pause' | 'resume'>, batchSize: number) {
    this.#table = table;
    this.#consumer = consumer;
    this.#batchSize = batchSize;
  }

  /** After a new assignment no partition is paused. */
  reset(): void {
    this.#paused.clear();
  }

  pauseIfFull(partition: number): void {
    if (this.#paused.has(partition) || !this.#full(partition, 1)) return;
    this.#paused.add(partition);
    this.#consumer.pause(partition);
  }

  resume(partitions: Iterable<number>): void {
    for (const partition of partitions) {
      if (!this.#paused.has(partition) || this.#full(partition, 0.5)) continue;
      this.#paused.delete(partition);
      this.#consumer.resume(partition);
    }
  }

  /** Whether a buffer exceeds `share` of its limits. With two batches in it, a poller does not wait for the broker. */
  #full(partition: number, share: number): boolean {
    const buffer = this.#table.buffer(partition);
    if (!buffer) return false;
    const bytes = Math.max(PAYLOAD_LIMIT / 2, BUFFER_BYTES / Math.max(1, this.#table.partitions.length));
    return buffer.length > share * Math.max(1_000, 2 * this.#batchSize) || buffer.bytes > share * bytes;
  }
}
