import { Partitioners, type Kafka, type Producer, type ProducerRecord } from 'kafkajs';
import { PlatformError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { OutgoingRecord, RecordLog } from '../../ports.ts';
import { Lane, type Ticket } from './lane.ts';
import { PartitionCounts } from './partition-counts.ts';

interface Options {
  /** How long `append` waits for the acknowledgements, in ms. */
  ackTimeoutMs: number;
  log: Logger;
}

/**
 * The stream on Kafka, by one idempotent producer for the whole process.
 *
 * Every record is given its partition before kafkajs sees it: kafkajs runs its partitioner again when it retries, and
 * a record that moved to another partition would escape the broker's duplicate check. Each request goes to a single
 * partition, since kafkajs sends a request that failed on one broker of several to all of them again.
 */
export class KafkaRecordLog implements RecordLog {
  readonly #kafka: Kafka;
  readonly #options: Options;
  readonly #lanes = new Map<string, Lane>();
  readonly #partitions = new PartitionCounts((topic) => this.#askPartitionCount(topic));
  readonly #partitionOfKey = Partitioners.DefaultPartitioner();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #discarded = new WeakSet<Producer>();
  #producer: Promise<Producer> | undefined;
  #next = 0;

  constructor(kafka: Kafka, options: Options) {
    this.#kafka = kafka;
    this.#options = options;
  }

  append(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const { ackTimeoutMs } = this.#options;
      const settle = (act: () => void) => {
        if (ticket.settled) return;
        ticket.settled = true;
        clearTimeout(timer);
        act();
      };
      const ticket: Ticket = {
        pending: records.length,
        settled: false,
        done: () => settle(resolve),
        fail: (cause) =>
          settle(() =>
            reject(
              cause instanceof PlatformError
                ? cause
                : new PlatformError('broker_unavailable', 'The broker did not acknowledge in time', { cause }),
            ),
          ),
      };
      const timer = setTimeout(
        () => ticket.fail(new Error(`${topic}: no acknowledgement within ${ackTimeoutMs} ms`)),
        ackTimeoutMs,
      );
      this.#partitionsFor(topic, records).then(
        (count) => {
          if (!ticket.settled) this.#enqueue(topic, count, records, ticket);
        },
        (error: unknown) => ticket.fail(error),
      );
    });
  }

  /** Flushes nothing: whatever is not acknowledged has not been promised to anybody. */
  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await (await producer)?.disconnect();
  }

  #enqueue(topic: string, count: number, records: readonly OutgoingRecord[], ticket: Ticket): void {
    for (const { value, key, partition } of records) {
      const target = partition ?? (key === undefined ? this.#next++ % count : this.#keyed(topic, key, count));
      this.#lane(topic, target).push({ value, partition: target, ...(key === undefined ? {} : { key }) }, ticket);
    }
  }

  #keyed(topic: string, key: string, count: number): number {
    // The default partitioner reads nothing of the metadata but its length when there is a key.
    return this.#partitionOfKey({ topic, partitionMetadata: new Array(count), message: { key, value: null } });
  }

  #lane(topic: string, partition: number): Lane {
    const name = `${topic}-${partition}`;
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = new Lane((messages) => this.#write(name, { topic, acks: -1, messages }));
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  async #write(lane: string, request: ProducerRecord): Promise<void> {
    for (let renewed = false; ; renewed = true) {
      const producer = await this.#connected();
      const sending = producer.send(request);
      this.#inFlight.add(sending);
      try {
        const written = await sending;
        if (written.length > 0) return;
      } catch (error) {
        this.#discard(producer, error);
        throw error;
      } finally {
        this.#inFlight.delete(sending);
      }
      // kafkajs drops, without a word, what is for a partition that it does not know of. A new producer asks.
      const error = new Error(`${lane}: the producer does not know this partition`);
      this.#discard(producer, error);
      if (renewed) throw error;
    }
  }

  /** How many partitions the topic has. @throws PlatformError `not_found` when it lacks one that a record names. */
  async #partitionsFor(topic: string, records: readonly OutgoingRecord[]): Promise<number> {
    const needed = records.reduce((most, { partition = -1 }) => Math.max(most, partition + 1), 1);
    let count = await this.#partitions.of(topic);
    if (needed > count) {
      this.#partitions.forget(topic); // it may have got more since
      count = await this.#partitions.of(topic);
    }
    if (needed > count) throw new PlatformError('not_found', `topic ${topic} has no partition ${needed - 1}`);
    return count;
  }

  async #askPartitionCount(topic: string): Promise<number> {
    const admin = this.#kafka.admin({ retry: { retries: 1, initialRetryTime: 100 } });
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = topics[0]?.partitions.length;
      if (!count) throw new Error(`topic ${topic} has no partitions`);
      return count;
    } finally {
      await admin.disconnect().catch((error: unknown) => this.#options.log.warn('kafka: disconnect failed', { error }));
    }
  }

  #connected(): Promise<Producer> {
    return (this.#producer ??= this.#connect());
  }

  async #connect(): Promise<Producer> {
    // Without an end to its retries a request outlives an outage with the sequence number that it had, and the broker
    // recognises it if it was written after all.
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: Number.MAX_SAFE_INTEGER },
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      this.#producer = undefined;
      throw error;
    }
  }

  /**
   * After an error that kafkajs does not retry, nobody knows whether the request was written, but kafkajs would give
   * its sequence number to the next one, which the broker would then drop as a duplicate. A new producer starts afresh.
   */
  #discard(producer: Producer, error: unknown): void {
    if (this.#discarded.has(producer)) return;
    this.#discarded.add(producer);
    this.#producer = undefined;
    this.#options.log.error('kafka: the producer failed and is replaced', { error });
    // Other partitions' requests may still be under way on it.
    void Promise.allSettled([...this.#inFlight])
      .then(() => producer.disconnect())
      .catch((cause: unknown) => this.#options.log.warn('kafka: disconnect failed', { error: cause }));
  }
}
