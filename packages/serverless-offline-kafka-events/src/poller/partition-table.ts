import type { AssignedPartition, BrokerRecord } from '../broker/port.ts';
import { finalOffset, withRecords } from '../batch.ts';
import type { Batch } from '../batch.ts';
import { PartitionBuffer } from './partition-buffer.ts';

interface PartitionState {
  /** Index among the partitions of this group member; decides which poller the partition belongs to. */
  index: number;
  buffer: PartitionBuffer;
  owned: boolean;
  /** The offset after the last one that was fetched. */
  nextOffset: number;
  /** All records below this offset are processed: delivered, filtered out or discarded. */
  processed: number;
  /** The last known committed offset of the consumer group. */
  committed: number | undefined;
  /** The offset at which reading started. */
  start: number;
  highWatermark: number;
  /** The batch in flight; a partition never has two (K-22). */
  batch: Batch | undefined;
}

/** The result of a fetch for one partition. */
export interface Polled {
  /** Offset of the first record, before filtering. */
  readonly first: number | undefined;
  /** The records that pass the filter. */
  readonly records: readonly BrokerRecord[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/**
 * State of the partitions of this group member. For each of them, committed <= processed <= nextOffset. No I/O.
 */
export class PartitionTable {
  readonly #size: (record: BrokerRecord) => number;
  readonly #states = new Map<number, PartitionState>();
  /** Whether partitions are assigned at the moment; false during a rebalance. */
  active = false;

  /** @param size computes the size of a record in the event's JSON, in bytes */
  constructor(size: (record: BrokerRecord) => number) {
    this.#size = size;
  }

  /** The assignment has ended. Buffers are emptied; offsets are kept and compared with those of the next assignment. */
  revoked(): void {
    this.active = false;
    for (const state of this.#states.values()) {
      state.owned = false;
      state.buffer = new PartitionBuffer(state.buffer.partition);
    }
  }

  /**
   * Handles a new assignment. If no other member has changed the committed offset of a partition, its offsets and its
   * batch in flight remain valid. Otherwise the batch is abandoned, and reading starts at the committed offset (K-75).
   * @returns the offset to read from, by partition
   */
  assigned(partitions: readonly AssignedPartition[]): Map<number, number> {
    const seeks = new Map<number, number>();
    const previous = new Map(this.#states);
    this.#states.clear();
    this.active = true;
    for (const { partition, committed, start } of partitions) {
      const old = previous.get(partition);
      const unchanged = old !== undefined && (committed ?? start) >= (old.committed ?? start) && start <= old.processed;
      const processed = unchanged ? old.processed : start;
      const batch = unchanged ? old.batch : undefined;
      const nextOffset = (batch && finalOffset(batch, partition)) ?? processed;
      this.#states.set(partition, {
        index: seeks.size,
        buffer: new PartitionBuffer(partition),
        owned: true,
        nextOffset,
        processed,
        committed,
        start,
        highWatermark: old?.highWatermark ?? nextOffset,
        batch,
      });
      seeks.set(partition, nextOffset);
    }
    return seeks;
  }

  /** @returns false if the offsets are below those read before (the topic was created again) and the state was reset */
  add(partition: number, { first, records, nextOffset, highWatermark }: Polled): boolean {
    const state = this.#states.get(partition);
    if (!state?.owned) return true;
    const restarted = first !== undefined && first < state.nextOffset;
    if (restarted) {
      state.buffer = new PartitionBuffer(partition);
      state.batch = undefined;
      state.processed = first;
      state.committed = undefined;
      state.start = first;
      state.nextOffset = first;
    }
    for (const record of records) state.buffer.push(record, this.#size(record));
    state.nextOffset = Math.max(state.nextOffset, nextOffset);
    state.highWatermark = highWatermark;
    return !restarted;
  }

  /** Buffers of the partitions that have no batch in flight and whose index `isAssigned` accepts. */
  available(isAssigned: (partitionIndex: number) => boolean): PartitionBuffer[] {
    const buffers: PartitionBuffer[] = [];
    for (const { owned, batch, buffer, index } of this.#states.values()) {
      if (owned && batch === undefined && isAssigned(index)) buffers.push(buffer);
    }
    return buffers;
  }

  buffer(partition: number): PartitionBuffer | undefined {
    return this.#states.get(partition)?.buffer;
  }

  indexOf(partition: number): number {
    return this.#states.get(partition)?.index ?? 0;
  }

  get partitions(): number[] {
    return [...this.#states].filter(([, state]) => state.owned).map(([partition]) => partition);
  }

  /** The offset to commit once all records taken from the buffer are processed: after filtered records and gaps. */
  nextAfterTaken(partition: number): number {
    const state = this.#states.get(partition);
    return state?.buffer.peek()?.record.offset ?? state?.nextOffset ?? 0;
  }

  begin(batch: Batch): void {
    for (const partition of batch.records.keys()) {
      const state = this.#states.get(partition);
      if (state) state.batch = batch;
    }
  }

  /**
   * The part of a batch whose partitions this member still owns, or `undefined` if it owns none of them. The other
   * partitions were assigned to another member, or their offsets were reset: they are abandoned without a commit.
   */
  stillOwned(batch: Batch): Batch | undefined {
    const owned = [...batch.records].filter(([partition]) => this.#states.get(partition)?.batch === batch);
    if (owned.length === batch.records.size) return batch;
    const remaining = withRecords(batch, new Map(owned));
    if (remaining) this.begin(remaining);
    return remaining;
  }

  /**
   * Replaces a batch after an attempt. Partitions without records in the replacements advance to the end of the batch,
   * the others to their first unprocessed record (K-47).
   */
  replace(batch: Batch, replacements: readonly Batch[]): void {
    for (const [partition, next] of batch.nextOffsets) {
      const state = this.#states.get(partition);
      if (state?.batch !== batch) continue;
      const replacement = replacements.find(({ records }) => records.has(partition));
      state.batch = replacement;
      state.processed = Math.max(state.processed, replacement?.records.get(partition)?.[0]?.offset ?? next);
    }
  }

  /** Advances partitions that have nothing to deliver, because all fetched records were filtered out (K-61). */
  advanceEmptyPartitions(): void {
    for (const state of this.#states.values()) {
      if (state.owned && state.batch === undefined && state.buffer.length === 0) state.processed = state.nextOffset;
    }
  }

  /** The offsets to commit, by partition: last processed + 1 (K-25). */
  uncommitted(): Map<number, number> {
    const offsets = new Map<number, number>();
    for (const [partition, { owned, processed, committed }] of this.#states) {
      if (owned && processed > (committed ?? -1)) offsets.set(partition, processed);
    }
    return offsets;
  }

  /** @returns by how much the committed offsets advanced, over all partitions */
  markCommitted(offsets: ReadonlyMap<number, number>): number {
    let advanced = 0;
    for (const [partition, offset] of offsets) {
      const state = this.#states.get(partition);
      if (!state?.owned) continue;
      advanced += Math.max(0, offset - (state.committed ?? state.start));
      state.committed = Math.max(state.committed ?? 0, offset);
    }
    return advanced;
  }

  /** Number of records that are written but not processed, by partition; `OffsetLag` is the sum (K-76). */
  lags(): Map<number, number> {
    const lags = new Map<number, number>();
    for (const [partition, { owned, highWatermark, processed }] of this.#states) {
      if (owned) lags.set(partition, Math.max(0, highWatermark - processed));
    }
    return lags;
  }
}
