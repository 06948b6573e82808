import type { BrokerConsumer } from '../broker/port.ts';
import { describeError } from '../errors.ts';
import type { PartitionTable } from './partition-table.ts';

/** Delay in ms before offsets of filtered records are committed, so that not every fetch causes a commit. */
const DELAYED_COMMIT_MS = 250;

export interface CommitterDeps {
  readonly table: PartitionTable;
  readonly consumer: Pick<BrokerConsumer, 'commit'>;
  readonly committed: (records: number) => void;
  readonly failed: (message: string) => void;
}

/** Commits processed offsets with one request at a time, so that an older commit never arrives after a newer one. */
export class Committer {
  readonly #deps: CommitterDeps;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
  }

  /** Resolves when all offsets processed so far are committed, or their commit failed. Never rejects. */
  commit(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#run().finally(() => (this.#running = undefined));
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.commit();
    });
    return this.#next;
  }

  /** For offsets that advanced without an invocation (K-61). */
  commitSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.commit();
    }, DELAYED_COMMIT_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const { table, consumer, committed, failed } = this.#deps;
    table.advanceEmptyPartitions();
    const offsets = table.uncommitted();
    if (offsets.size === 0) return;
    try {
      await consumer.commit(offsets);
      committed(table.markCommitted(offsets));
    } catch (error) {
      // The table still has these offsets as uncommitted: the next commit includes them.
      failed(describeError(error));
    }
  }
}
