import { Partitioners, type Kafka, type Producer, type ProducerRecord } from 'kafkajs';
import { PlatformError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { OutgoingRecord, RecordLog } from '../../ports.ts';
import { PartitionQueue, type AppendCall } from './partition-queue.ts';
import { PartitionCounts } from './partition-counts.ts';

interface Options {
  /** How long `append` waits for the acknowledgements, in ms. */
  ackTimeoutMs: number;
  log: Logger;
}

/**
 * Writes to Kafka with one idempotent producer per process.
 *
 * Each record's partition is chosen here and not by kafkajs, which runs its partitioner again on retries: a record that
 * moved to another partition would escape the broker's duplicate check. Each request goes to a single partition, since
 * kafkajs sends a request that failed on one of several brokers again to all of them.
 */
export class KafkaRecordLog implements RecordLog {
  readonly #kafka: Kafka;
  readonly #options: Options;
  readonly #queues = new Map<string, PartitionQueue>();
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
      const end = (act: () => void) => {
        if (call.ended) return;
        call.ended = true;
        clearTimeout(timer);
        act();
      };
      const call: AppendCall = {
        pending: records.length,
        ended: false,
        done: () => end(resolve),
        fail: (cause) =>
          end(() =>
            reject(
              cause instanceof PlatformError
                ? cause
                : new PlatformError('broker_unavailable', 'The broker did not acknowledge in time', { cause }),
            ),
          ),
      };
      const timer = setTimeout(
        () => call.fail(new Error(`${topic}: no acknowledgement within ${ackTimeoutMs} ms`)),
        ackTimeoutMs,
      );
      this.#partitionsFor(topic, records).then(
        (count) => {
          if (!call.ended) this.#enqueue(topic, count, records, call);
        },
        (error: unknown) => call.fail(error),
      );
    });
  }

  /** Does not flush: records without an acknowledgement have not been confirmed to any caller. */
  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await (await producer)?.disconnect();
  }

  #enqueue(topic: string, count: number, records: readonly OutgoingRecord[], call: AppendCall): void {
    for (const { value, key, partition } of records) {
      const target = partition ?? (key === undefined ? this.#next++ % count : this.#keyed(topic, key, count));
      this.#queueOf(topic, target).push({ value, partition: target, ...(key === undefined ? {} : { key }) }, call);
    }
  }

  #keyed(topic: string, key: string, count: number): number {
    // For a record with a key, the default partitioner only needs the number of partitions.
    return this.#partitionOfKey({ topic, partitionMetadata: new Array(count), message: { key, value: null } });
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const name = `${topic}-${partition}`;
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = new PartitionQueue((messages) => this.#write(name, { topic, acks: -1, messages }));
      this.#queues.set(name, queue);
    }
    return queue;
  }

  async #write(partitionName: string, request: ProducerRecord): Promise<void> {
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
      // kafkajs silently drops records for a partition that it does not know. A new producer fetches new metadata.
      const error = new Error(`${partitionName}: the producer does not know this partition`);
      this.#discard(producer, error);
      if (renewed) throw error;
    }
  }

  /** How many partitions the topic has. @throws PlatformError `not_found` when it lacks one that a record names. */
  async #partitionsFor(topic: string, records: readonly OutgoingRecord[]): Promise<number> {
    const needed = records.reduce((most, { partition = -1 }) => Math.max(most, partition + 1), 1);
    let count = await this.#partitions.of(topic);
    if (needed > count) {
      this.#partitions.forget(topic); // partitions may have been added
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
    // With unlimited retries a request keeps its sequence number through an outage, so the broker recognises it if it
    // was written before.
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
   * After an error that kafkajs does not retry, the request may or may not have been written. kafkajs would give its
   * sequence number to the next request, which the broker could drop as a duplicate. A new producer has new numbers.
   */
  #discard(producer: Producer, error: unknown): void {
    if (this.#discarded.has(producer)) return;
    this.#discarded.add(producer);
    this.#producer = undefined;
    this.#options.log.error('kafka: the producer failed and is replaced', { error });
    // It may still have requests of other partitions in flight.
    void Promise.allSettled([...this.#inFlight])
      .then(() => producer.disconnect())
      .catch((cause: unknown) => this.#options.log.warn('kafka: disconnect failed', { error: cause }));
  }
}
