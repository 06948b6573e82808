import type { Poller } from './poller.ts';

/** The pollers of a mapping. Each partition belongs to one poller, chosen by its index in `PartitionTable` (K-22). */
export class PollerPool {
  readonly #create: (isAssigned: (partitionIndex: number) => boolean) => Poller;
  readonly #pollers: Poller[] = [];
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(create: (isAssigned: (partitionIndex: number) => boolean) => Poller) {
    this.#create = create;
  }

  get size(): number {
    return this.#pollers.length;
  }

  /** Surplus pollers finish their invocation and stop; the others take over the batches that wait for a retry. */
  resize(size: number): void {
    if (this.#stopped || size === this.size) return;
    for (const poller of this.#pollers.splice(size)) poller.stop();
    while (this.#pollers.length < size) this.#add(this.#pollers.length);
    this.wakeAll();
  }

  #add(index: number): void {
    const poller = this.#create((partitionIndex) => partitionIndex % this.#pollers.length === index);
    this.#pollers.push(poller);
    const run = poller.run().finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Wakes the poller of the partition with this index. */
  wake(partitionIndex: number): void {
    this.#pollers[partitionIndex % this.#pollers.length]?.wake();
  }

  wakeAll(): void {
    for (const poller of this.#pollers) poller.wake();
  }

  /** Resolves when every invocation in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const poller of this.#pollers) poller.stop();
    await Promise.all(this.#running);
  }
}
