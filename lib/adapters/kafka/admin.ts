import type { Admin, Kafka } from 'kafkajs';
import { LRUCache } from 'lru-cache';
import { inTime } from '../in-time.ts';
import { partitionCountOf } from './partition-counts.ts';

/** A connection that was not used for this long (ms) is replaced: brokers close idle ones, unseen by a frozen process. */
const IDLE_MS = 60_000;
/** A kept connection that fails within this time (ms) may have been closed unseen; a broker without an answer does not. */
const AT_ONCE_MS = 1000;
/** How many topics' numbers of partitions are cached, and for how long (ms). */
const CACHED_COUNTS = { max: 1000, ttl: 60_000 };

interface Connection {
  readonly admin: Admin;
  /** Number of calls that use it at the moment. */
  users: number;
  /** Time of the last successful use; undefined before the first. */
  usedAt: number | undefined;
}

/**
 * The admin connection of a process: opened at the first use, shared by concurrent callers, and replaced after it has
 * failed or was idle. Also knows the numbers of partitions.
 */
export class KafkaAdmin {
  readonly #kafka: Kafka;
  readonly #counts: LRUCache<string, number>;
  #current: Connection | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
    this.#counts = new LRUCache({
      ...CACHED_COUNTS,
      fetchMethod: (topic) => this.ask((admin) => partitionCountOf(admin, topic)),
    });
  }

  /**
   * Calls `work` once, with a connected admin.
   * @param withinMs limits the time, including that of connecting
   * @throws NoAnswerInTime, errors of `work` and of connecting
   */
  async use<T>(work: (admin: Admin) => Promise<T>, withinMs?: number): Promise<T> {
    const connection = this.#connection();
    connection.users++;
    // `connect` does nothing on a connection that is open.
    const working = connection.admin.connect().then(() => work(connection.admin));
    try {
      const result = await (withinMs === undefined ? working : inTime(working, withinMs));
      connection.usedAt = performance.now();
      return result;
    } catch (error) {
      if (this.#current === connection) this.#current = undefined;
      // Work that continues after its time limit may connect again.
      void working.catch(() => undefined).finally(() => this.#closeUnused(connection));
      throw error;
    } finally {
      connection.users--;
      this.#closeUnused(connection);
    }
  }

  /**
   * Like `use`, for work that only reads: it is repeated over a new connection when a kept one fails at once, because
   * the broker may have closed that while the process was frozen.
   */
  async ask<T>(question: (admin: Admin) => Promise<T>, withinMs?: number): Promise<T> {
    const isKept = this.#connection().usedAt !== undefined;
    const began = performance.now();
    try {
      return await this.use(question, withinMs);
    } catch (error) {
      const took = performance.now() - began;
      if (!isKept || took > Math.min(AT_ONCE_MS, withinMs ?? Infinity)) throw error;
      return this.use(question, withinMs === undefined ? undefined : withinMs - took);
    }
  }

  /**
   * The number of partitions of a topic. It may be a minute old, but a cached one below `atLeast` is requested again,
   * because partitions may have been added.
   * @throws when the topic does not exist
   */
  async partitionCount(topic: string, atLeast = 1): Promise<number> {
    const count = await this.#counts.forceFetch(topic);
    return count >= atLeast ? count : this.#counts.forceFetch(topic, { forceRefresh: true });
  }

  /** A later call opens a new connection. */
  async close(): Promise<void> {
    const connection = this.#current;
    this.#current = undefined;
    await connection?.admin.disconnect();
  }

  #connection(): Connection {
    const kept = this.#current;
    if (kept?.usedAt !== undefined && kept.users === 0 && performance.now() - kept.usedAt > IDLE_MS) {
      this.#current = undefined;
      this.#closeUnused(kept);
    }
    return (this.#current ??= {
      admin: this.#kafka.admin({ retry: { retries: 1, initialRetryTime: 100 } }),
      users: 0,
      usedAt: undefined,
    });
  }

  /** Closes a replaced connection, unless a concurrent caller still uses it. */
  #closeUnused(connection: Connection): void {
    if (connection === this.#current || connection.users > 0) return;
    connection.admin.disconnect().catch(() => undefined); // it has failed, or the broker has closed it
  }
}
