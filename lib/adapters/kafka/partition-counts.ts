/** How long (ms) a count is believed before the broker is asked for it again. */
const BELIEVED_MS = 60_000;

/** How many partitions topics have, asked once for many callers. */
export class PartitionCounts {
  readonly #ask: (topic: string) => Promise<number>;
  readonly #known = new Map<string, { count: Promise<number>; askedAt: number }>();

  constructor(ask: (topic: string) => Promise<number>) {
    this.#ask = ask;
  }

  /** @throws what asking throws; then the next call asks again. */
  of(topic: string): Promise<number> {
    const known = this.#known.get(topic);
    if (known && Date.now() - known.askedAt < BELIEVED_MS) return known.count;
    const count = this.#ask(topic);
    this.#known.set(topic, { count, askedAt: Date.now() });
    count.catch(() => this.#known.delete(topic));
    return count;
  }

  forget(topic: string): void {
    this.#known.delete(topic);
  }
}
