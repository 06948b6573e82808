/** How long (ms) a count is cached. */
const MAX_AGE_MS = 60_000;

/** The number of partitions of each topic, cached. Concurrent callers share one request. */
export class PartitionCounts {
  readonly #ask: (topic: string) => Promise<number>;
  readonly #known = new Map<string, { count: Promise<number>; askedAt: number }>();

  constructor(ask: (topic: string) => Promise<number>) {
    this.#ask = ask;
  }

  /** @throws the error of the request; the next call sends a new one. */
  of(topic: string): Promise<number> {
    const known = this.#known.get(topic);
    if (known && Date.now() - known.askedAt < MAX_AGE_MS) return known.count;
    const count = this.#ask(topic);
    this.#known.set(topic, { count, askedAt: Date.now() });
    count.catch(() => this.#known.delete(topic));
    return count;
  }

  forget(topic: string): void {
    this.#known.delete(topic);
  }
}
