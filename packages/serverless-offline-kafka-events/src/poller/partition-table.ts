import type { AssignedPartition, BrokerRecord } from '../broker/port.ts';
import { endOf, withRecords } from '../batch.ts';
import type { Batch } from '../batch.ts';
import { PartitionBuffer } from './partition-buffer.ts';

interface PartitionState {
  /** Its place among this member's partitions, from 0: pollers share them out by it. */
  rank: number;
  buffer: PartitionBuffer;
  owned: boolean;
  /** The offset after the last one read. */
  next: number;
  /** Everything below is dealt with: delivered, filtered out or discarded. */
  processed: number;
  /** What the group is known to have stored. */
  committed: number | undefined;
  /** Where reading started. */
  start: number;
  /** High watermark. */
  end: number;
  /** The batch in flight: a partition is never in two (K-22). */
  batch: Batch | undefined;
}

/** What one fetch brought from a partition. */
export interface Polled {
  /** Offset of the first record, before filtering. */
  readonly first: number | undefined;
  /** What is to be delivered of them. */
  readonly records: readonly BrokerRecord[];
  readonly next: number;
  readonly end: number;
}

/**
 * What this member knows of its partitions. Three positions each, never out of order:
 * committed <= processed <= next. Pure bookkeeping, no I/O.
 */
export class PartitionTable {
  readonly #size: (record: BrokerRecord) => number;
  readonly #states = new Map<number, PartitionState>();
  /** False between two assignments. */
  active = false;

  /** @param size JSON bytes of a record in an event */
  constructor(size: (record: BrokerRecord) => number) {
    this.#size = size;
  }

  /** No commit can succeed now; buffers are dropped, progress is kept for the next assignment to compare with. */
  revoked(): void {
    this.active = false;
    for (const state of this.#states.values()) {
      state.owned = false;
      state.buffer = new PartitionBuffer(state.buffer.partition);
    }
  }

  /**
   * A new assignment. Where nobody else has moved the group's offset, our own progress stands and a batch in flight
   * stays valid; else it is abandoned and the group's offset is followed (K-75).
   * @returns the offset to read from, per partition
   */
  assigned(partitions: readonly AssignedPartition[]): Map<number, number> {
    const seeks = new Map<number, number>();
    const previous = new Map(this.#states);
    this.#states.clear();
    this.active = true;
    for (const { partition, committed, start } of partitions) {
      const old = previous.get(partition);
      const ours = old !== undefined && (committed ?? start) >= (old.committed ?? start) && start <= old.processed;
      const processed = ours ? old.processed : start;
      const batch = ours ? old.batch : undefined;
      const next = (batch && endOf(batch, partition)) ?? processed;
      this.#states.set(partition, {
        rank: seeks.size,
        buffer: new PartitionBuffer(partition),
        owned: true,
        next,
        processed,
        committed,
        start,
        end: old?.end ?? next,
        batch,
      });
      seeks.set(partition, next);
    }
    return seeks;
  }

  /** @returns false when the log went back (topic made anew, offsets out of range): progress was reset to what came. */
  add(partition: number, { first, records, next, end }: Polled): boolean {
    const state = this.#states.get(partition);
    if (!state?.owned) return true;
    const wentBack = first !== undefined && first < state.next;
    if (wentBack) {
      state.buffer = new PartitionBuffer(partition);
      state.batch = undefined;
      state.processed = first;
      state.committed = undefined;
      state.start = first;
      state.next = first;
    }
    for (const record of records) state.buffer.push(record, this.#size(record));
    state.next = Math.max(state.next, next);
    state.end = end;
    return !wentBack;
  }

  /** Buffers whose partitions have no batch in flight and whose rank `mine` accepts. */
  available(mine: (rank: number) => boolean): PartitionBuffer[] {
    const buffers: PartitionBuffer[] = [];
    for (const { owned, batch, buffer, rank } of this.#states.values()) {
      if (owned && batch === undefined && mine(rank)) buffers.push(buffer);
    }
    return buffers;
  }

  buffer(partition: number): PartitionBuffer | undefined {
    return this.#states.get(partition)?.buffer;
  }

  rank(partition: number): number {
    return this.#states.get(partition)?.rank ?? 0;
  }

  get partitions(): number[] {
    return [...this.#states].filter(([, state]) => state.owned).map(([partition]) => partition);
  }

  /** Where a partition stands once all that was taken from its buffer is dealt with: past filtered records and gaps. */
  nextAfterTaken(partition: number): number {
    const state = this.#states.get(partition);
    return state?.buffer.peek()?.record.offset ?? state?.next ?? 0;
  }

  begin(batch: Batch): void {
    for (const partition of batch.records.keys()) {
      const state = this.#states.get(partition);
      if (state) state.batch = batch;
    }
  }

  /**
   * The part of a batch whose partitions are still this member's, `undefined` when none is. The rest went to another
   * member, or its offsets were moved: it is abandoned without a commit.
   */
  stillHeld(batch: Batch): Batch | undefined {
    const held = [...batch.records].filter(([partition]) => this.#states.get(partition)?.batch === batch);
    if (held.length === batch.records.size) return batch;
    const rest = withRecords(batch, new Map(held));
    if (rest) this.begin(rest);
    return rest;
  }

  /**
   * A batch is over, and `then` takes its place. Partitions with none in it move on; the others stand at the first
   * record of theirs that is not dealt with (K-47).
   */
  replace(batch: Batch, then: readonly Batch[]): void {
    for (const [partition, next] of batch.next) {
      const state = this.#states.get(partition);
      if (state?.batch !== batch) continue;
      const follower = then.find(({ records }) => records.has(partition));
      state.batch = follower;
      state.processed = Math.max(state.processed, follower?.records.get(partition)?.[0]?.offset ?? next);
    }
  }

  /** Partitions where everything read was filtered out or carried no record: their offsets advance too (K-61). */
  skipEmpty(): void {
    for (const state of this.#states.values()) {
      if (state.owned && state.batch === undefined && state.buffer.length === 0) state.processed = state.next;
    }
  }

  /** What the group does not know yet (K-25: last processed + 1). */
  uncommitted(): Map<number, number> {
    const offsets = new Map<number, number>();
    for (const [partition, { owned, processed, committed }] of this.#states) {
      if (owned && processed > (committed ?? -1)) offsets.set(partition, processed);
    }
    return offsets;
  }

  /** @returns by how much the group's offsets moved */
  markCommitted(offsets: ReadonlyMap<number, number>): number {
    let moved = 0;
    for (const [partition, offset] of offsets) {
      const state = this.#states.get(partition);
      if (!state?.owned) continue;
      moved += Math.max(0, offset - (state.committed ?? state.start));
      state.committed = Math.max(state.committed ?? 0, offset);
    }
    return moved;
  }

  /** Records written but not dealt with, per partition: `OffsetLag` is the sum (K-76). */
  lags(): Map<number, number> {
    const lags = new Map<number, number>();
    for (const [partition, { owned, end, processed }] of this.#states) {
      if (owned) lags.set(partition, Math.max(0, end - processed));
    }
    return lags;
  }
}
