import { Partitioners, type Kafka, type Producer, type ProducerRecord } from 'kafkajs';
import { PlatformError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { OutgoingRecord, RecordLog } from '../../ports.ts';
import { inTime } from '../in-time.ts';
import type { KafkaAdmin } from './admin.ts';
import { PartitionQueue, type AppendCall } from './partition-queue.ts';

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
  readonly #admin: KafkaAdmin;
  readonly #options: Options;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #partitionOfKey = Partitioners.DefaultPartitioner();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #discarded = new WeakSet<Producer>();
  #producer: Promise<Producer> | undefined;
  #next = 0;

  constructor(kafka: Kafka, admin: KafkaAdmin, options: Options) {
    this.#kafka = kafka;
    this.#admin = admin;
    this.#options = options;
  }

  async append(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    let end = () => {};
    const acknowledged = new Promise<void>((done, reject) => {
      const fail = (cause: unknown) => {
        call.ended = true;
        reject(cause as Error);
      };
      const call: AppendCall = { pending: records.length, ended: false, done, fail };
      end = () => void (call.ended = true);
      this.#partitionsFor(topic, records).then((count) => {
        if (!call.ended) this.#enqueue(topic, count, records, call);
      }, fail);
    });
    try {
      await inTime(acknowledged, this.#options.ackTimeoutMs);
    } catch (cause) {
      if (cause instanceof PlatformError) throw cause;
      throw new PlatformError('broker_unavailable', 'The broker did not acknowledge in time', { cause });
    } finally {
      end();
    }
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
    const count = await this.#admin.partitionCount(topic, needed);
    if (needed > count) throw new PlatformError('not_found', `topic ${topic} has no partition ${needed - 1}`);
    return count;
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
