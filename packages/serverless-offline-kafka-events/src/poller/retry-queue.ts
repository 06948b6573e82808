import type { Batch } from '../batch.ts';
import type { PartitionTable } from './partition-table.ts';

/** Batches that wait for a retry, which any idle poller may make. Times are in milliseconds. */
export class RetryQueue {
  readonly #table: PartitionTable;
  #waiting: { readonly batch: Batch; readonly dueAt: number }[] = [];

  constructor(table: PartitionTable) {
    this.#table = table;
  }

  add(batch: Batch, dueAt: number): void {
    this.#waiting.push({ batch, dueAt });
  }

  /** Removes and returns a batch whose retry is due, without partitions that this member no longer owns. */
  take(now: number): Batch | undefined {
    while (this.#table.active) {
      const index = this.#waiting.findIndex(({ dueAt }) => dueAt <= now);
      const [due] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (due === undefined) return undefined;
      const owned = this.#table.stillOwned(due.batch);
      if (owned) return owned;
    }
    return undefined;
  }

  /** Milliseconds until the next retry is due; Infinity if none is waiting, or if no partitions are assigned. */
  waitMs(now: number): number {
    if (!this.#table.active) return Infinity;
    return Math.max(0, Math.min(Infinity, ...this.#waiting.map(({ dueAt }) => dueAt - now)));
  }
}
