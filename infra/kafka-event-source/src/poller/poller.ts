import { backoff } from '../time.ts';
import type { InvokeResult } from '../invoker/port.ts';
import type { Batch } from './batch.ts';
import type { Batcher } from './batcher.ts';
import type { PartitionTable } from './partition-table.ts';
import { WakeSignal } from './signal.ts';

export interface PollerDeps {
  readonly table: PartitionTable;
  readonly batcher: Batcher;
  /** Which partitions are this poller's. */
  readonly mine: (partition: number) => boolean;
  readonly invoke: (batch: Batch) => Promise<InvokeResult>;
  /** Commits what is processed. Never rejects. */
  readonly commit: () => Promise<void>;
  /** Room was made in these partitions' buffers. */
  readonly taken: (partitions: Iterable<number>) => void;
  readonly now: () => number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

interface Waiting {
  readonly batch: Batch;
  readonly dueAt: number;
  readonly failures: number;
}

/**
 * One event poller: at most one synchronous invocation at a time (K-22). A batch that fails waits for its next attempt
 * and blocks its own partitions only; those of other batches go on (K-35).
 */
export class Poller {
  readonly #deps: PollerDeps;
  readonly #signal = new WakeSignal();
  #waiting: Waiting[] = [];
  #stopping = false;

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  wake(): void {
    this.#signal.wake();
  }

  /** No new batch; resolves when the invocation in flight, if any, has ended and is committed. */
  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  async run(): Promise<void> {
    const { table, batcher, mine, now } = this.#deps;
    while (!this.#stopping) {
      const due = this.#nextDue(now());
      if (due) {
        await this.#process(due.batch, due.failures);
        continue;
      }
      const buffers = table.available(mine);
      const decision = batcher.decide(now(), buffers);
      if (decision.close) {
        const batch = this.#take();
        await this.#process(batch, 0);
        continue;
      }
      const retryInMs = table.active ? Math.min(Infinity, ...this.#waiting.map((it) => it.dueAt - now())) : Infinity;
      await this.#signal.sleep(Math.max(0, Math.min(decision.waitMs, retryInMs)));
    }
  }

  #nextDue(now: number): Waiting | undefined {
    const { table } = this.#deps;
    if (!table.active) return undefined;
    const index = this.#waiting.findIndex((it) => it.dueAt <= now);
    const due = index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
    if (due === undefined) return undefined;
    // Partitions that went to another member meanwhile are that member's to deliver.
    const batch = table.stillHeld(due.batch);
    return batch === undefined ? this.#nextDue(now) : { ...due, batch };
  }

  #take(): Batch {
    const { table, batcher, mine, taken } = this.#deps;
    const { records, count, bytes } = batcher.take(table.available(mine));
    const next = new Map([...records.keys()].map((partition) => [partition, table.nextAfterTaken(partition)]));
    const batch: Batch = { records, next, count, bytes, attempts: 0 };
    table.begin(batch);
    taken(records.keys());
    return batch;
  }

  async #process(batch: Batch, failures: number): Promise<void> {
    const { table, batcher, invoke, commit, now, retryBaseMs, retryMaxMs } = this.#deps;
    const result = await invoke(batch);
    if (result.outcome !== 'not-reached') batch.attempts += 1;
    if (result.outcome === 'success') {
      table.complete(batch);
      await commit();
    } else {
      this.#waiting.push({ batch, failures: failures + 1, dueAt: now() + backoff(failures, retryBaseMs, retryMaxMs) });
    }
    batcher.invocationCompleted(now());
  }
}
