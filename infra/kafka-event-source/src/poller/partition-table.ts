import type { AssignedPartition, BrokerRecord } from '../broker/port.ts';
import type { Batch } from './batch.ts';
import { PartitionBuffer } from './partition-buffer.ts';

interface PartitionState {
  buffer: PartitionBuffer;
  owned: boolean;
  /** The offset after the last one read. */
  next: number;
  /** Everything below is dealt with: delivered, filtered out or discarded. */
  processed: number;
  /** What the group is known to have stored. */
  committed: number | undefined;
  /** High watermark. */
  end: number;
  /** The batch in flight: a partition is never in two (K-22). */
  batch: Batch | undefined;
}

/**
 * What this member knows of its partitions. Three positions each, never out of order:
 * committed <= processed <= next. Pure bookkeeping, no I/O.
 */
export class PartitionTable {
  readonly #states = new Map<number, PartitionState>();
  /** False between two assignments. */
  active = false;

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
      const next = batch?.next.get(partition) ?? processed;
      this.#states.set(partition, {
        buffer: new PartitionBuffer(partition),
        owned: true,
        next,
        processed,
        committed,
        end: old?.end ?? next,
        batch,
      });
      seeks.set(partition, next);
    }
    return seeks;
  }

  /** @returns false when the log went back (topic made anew, offsets out of range): progress was reset to what came. */
  add(
    partition: number,
    records: readonly BrokerRecord[],
    next: number,
    end: number,
    size: (record: BrokerRecord) => number,
  ): boolean {
    const state = this.#states.get(partition);
    if (!state?.owned) return true;
    const first = records[0]?.offset;
    const wentBack = first !== undefined && first < state.next;
    if (wentBack) {
      state.buffer = new PartitionBuffer(partition);
      state.batch = undefined;
      state.processed = first;
      state.committed = undefined;
      state.next = first;
    }
    for (const record of records) state.buffer.push(record, size(record));
    state.next = Math.max(state.next, next);
    state.end = end;
    return !wentBack;
  }

  /** Buffers whose partitions have no batch in flight and that `mine` accepts. */
  available(mine: (partition: number) => boolean): PartitionBuffer[] {
    const buffers: PartitionBuffer[] = [];
    for (const [partition, state] of this.#states) {
      if (state.owned && state.batch === undefined && mine(partition)) buffers.push(state.buffer);
    }
    return buffers;
  }

  buffer(partition: number): PartitionBuffer | undefined {
    return this.#states.get(partition)?.buffer;
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
    const held = [...batch.records.keys()].filter((partition) => this.#states.get(partition)?.batch === batch);
    if (held.length === batch.records.size) return batch;
    if (held.length === 0) return undefined;
    const records = new Map(held.map((partition) => [partition, batch.records.get(partition) ?? []]));
    const next = new Map(held.map((partition) => [partition, batch.next.get(partition) ?? 0]));
    const count = [...records.values()].reduce((sum, list) => sum + list.length, 0);
    const rest: Batch = { ...batch, records, next, count };
    this.begin(rest);
    return rest;
  }

  /** A batch is dealt with, whatever the way: its partitions move on. */
  complete(batch: Batch): void {
    for (const [partition, next] of batch.next) {
      const state = this.#states.get(partition);
      if (state?.batch !== batch) continue;
      state.batch = undefined;
      state.processed = Math.max(state.processed, next);
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

  markCommitted(offsets: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of offsets) {
      const state = this.#states.get(partition);
      if (state?.owned) state.committed = Math.max(state.committed ?? 0, offset);
    }
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
