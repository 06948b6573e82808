import type { Batch } from '../batch.ts';
import type { PartitionTable } from './partition-table.ts';

/** Batches that wait for their next try, which any free poller may make. Times in milliseconds. */
export class RetryQueue {
  readonly #table: PartitionTable;
  #waiting: { readonly batch: Batch; readonly dueAt: number }[] = [];

  constructor(table: PartitionTable) {
    this.#table = table;
  }

  add(batch: Batch, dueAt: number): void {
    this.#waiting.push({ batch, dueAt });
  }

  /** A batch that is due, without partitions that another member owns by now. */
  take(now: number): Batch | undefined {
    while (this.#table.active) {
      const index = this.#waiting.findIndex(({ dueAt }) => dueAt <= now);
      const [due] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (due === undefined) return undefined;
      const held = this.#table.stillHeld(due.batch);
      if (held) return held;
    }
    return undefined;
  }

  /** Milliseconds until one is due; Infinity when none waits, or while there is no assignment. */
  waitMs(now: number): number {
    if (!this.#table.active) return Infinity;
    return Math.max(0, Math.min(Infinity, ...this.#waiting.map(({ dueAt }) => dueAt - now)));
  }
}
