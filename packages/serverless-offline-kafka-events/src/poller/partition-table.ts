import type { AssignedPartition, BrokerRecord } from '../broker/port.ts';
import { endOf, withRecords } from '../batch.ts';
import type { Batch } from '../batch.ts';
import { PartitionBuffer } from './partition-buffer.ts';

interface PartitionState {
  /** Its index among this member's partitions: pollers divide the partitions by it. */
  rank: number;
  buffer: PartitionBuffer;
  owned: boolean;
  /** The offset after the last one read. */
  next: number;
  /** All records below are processed: delivered, filtered out or discarded. */
  processed: number;
  /** The group's committed offset, as far as it is known. */
  committed: number | undefined;
  /** Where reading started. */
  start: number;
  /** High watermark. */
  end: number;
  /** The batch in flight: a partition is never in two (K-22). */
  batch: Batch | undefined;
}

/** What a fetch returned for one partition. */
export interface Polled {
  /** Offset of the first record, before filtering. */
  readonly first: number | undefined;
  /** The records that pass the filter. */
  readonly records: readonly BrokerRecord[];
  readonly next: number;
  readonly end: number;
}

/**
 * The state of this member's partitions. Each has three offsets, and always committed <= processed <= next. No I/O.
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

  /** No commit can succeed now. Buffers are dropped; the offsets stay, to be compared with the next assignment. */
  revoked(): void {
    this.active = false;
    for (const state of this.#states.values()) {
      state.owned = false;
      state.buffer = new PartitionBuffer(state.buffer.partition);
    }
  }

  /**
   * A new assignment. Where no other member has changed the group's offset, this member's offsets and its batch in
   * flight stay valid. Otherwise the batch is abandoned, and reading starts from the group's offset (K-75).
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

  /** @returns false when offsets went back (the topic was created again): the partition's offsets were reset to them */
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

  /** The offset a partition reaches once all records taken from its buffer are processed: past filtered ones and gaps. */
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
   * The part of a batch whose partitions this member still owns, `undefined` when there is none. The rest belongs to
   * another member, or its offsets were changed: it is abandoned without a commit.
   */
  stillHeld(batch: Batch): Batch | undefined {
    const held = [...batch.records].filter(([partition]) => this.#states.get(partition)?.batch === batch);
    if (held.length === batch.records.size) return batch;
    const rest = withRecords(batch, new Map(held));
    if (rest) this.begin(rest);
    return rest;
  }

  /**
   * Other batches take the place of one that was tried. Partitions with no record in them advance past the batch; the
   * others advance to their first record that is not processed (K-47).
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

  /** Partitions where everything read was filtered out or carried no record: their offsets advance too (K-61). */
  skipEmpty(): void {
    for (const state of this.#states.values()) {
      if (state.owned && state.batch === undefined && state.buffer.length === 0) state.processed = state.next;
    }
  }

  /** By partition, the offset to commit (K-25: last processed + 1). */
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

  /** Records that are written but not processed, by partition: `OffsetLag` is the sum (K-76). */
  lags(): Map<number, number> {
    const lags = new Map<number, number>();
    for (const [partition, { owned, end, processed }] of this.#states) {
      if (owned) lags.set(partition, Math.max(0, end - processed));
    }
    return lags;
  }
}
