import { newBatch } from '../batch.ts';
import type { Batch } from '../batch.ts';
import type { Batcher } from './batcher.ts';
import type { PartitionTable } from './partition-table.ts';
import type { RetryQueue } from './retry-queue.ts';
import { WakeSignal } from './signal.ts';

export interface PollerDeps {
  readonly table: PartitionTable;
  readonly retries: RetryQueue;
  readonly batcher: Batcher;
  /** Whether the partition with this index belongs to this poller. */
  readonly isAssigned: (partitionIndex: number) => boolean;
  /** Invokes the function and acts on the outcome. Never rejects. */
  readonly deliver: (batch: Batch) => Promise<void>;
  /** Called when records were taken from the buffers of these partitions. */
  readonly taken: (partitions: Iterable<number>) => void;
  readonly now: () => number;
}

/**
 * One event poller, with at most one synchronous invocation at a time (K-22). A failed batch blocks only its own
 * partitions until its next attempt; the poller continues with the other partitions (K-35).
 */
export class Poller {
  readonly #deps: PollerDeps;
  readonly #signal = new WakeSignal();
  #stopping = false;

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  wake(): void {
    this.#signal.wake();
  }

  /** Starts no new batch. `run` resolves when the invocation in flight, if any, has ended. */
  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  async run(): Promise<void> {
    const { retries, table, batcher, isAssigned, deliver, now } = this.#deps;
    while (!this.#stopping) {
      const decision = batcher.decide(now(), table.available(isAssigned));
      const batch = retries.take(now()) ?? (decision.close ? this.#take() : undefined);
      if (batch) {
        await deliver(batch);
        batcher.invocationCompleted(now());
        continue;
      }
      await this.#signal.sleep(Math.min(decision.close ? 0 : decision.waitMs, retries.waitMs(now())));
    }
  }

  #take(): Batch {
    const { table, batcher, isAssigned, taken } = this.#deps;
    const records = batcher.take(table.available(isAssigned));
    const nextOffsets = new Map([...records.keys()].map((partition) => [partition, table.nextAfterTaken(partition)]));
    const batch = newBatch(records, nextOffsets);
    table.begin(batch);
    taken(records.keys());
    return batch;
  }
}
