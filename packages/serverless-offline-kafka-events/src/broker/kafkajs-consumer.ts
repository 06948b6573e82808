import { RecordsError } from '#kafka-records';
import type { Admin, Consumer, EachBatchPayload, Kafka, Offsets } from 'kafkajs';
import { describeError, KafkaEventsError } from '../errors.ts';
import { backoff, sleep } from '../time.ts';
import { withHint } from './connection-hints.ts';
import { chunkOf } from './kafkajs-fetch.ts';
import { startingOffsets } from './kafkajs-positions.ts';
import type { BrokerConsumer, ConsumerListener, ConsumerOptions } from './port.ts';

/** How long a fetch waits for data, in ms. A long wait delays heartbeats and the first fetch of resumed partitions. */
const FETCH_WAIT_MS = 100;
const METADATA_MAX_AGE_MS = 30_000;
/** After a consumer ran for this long, in ms, the backoff starts again from its shortest delay. */
const STABLE_MS = 10_000;
/** Errors that reject a commit because the group was rebalanced: the member's generation is no longer current. */
const FENCED = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/**
 * A consumer based on kafkajs. kafkajs starts the next fetch when `eachBatch` has returned for every batch of the last
 * one. `eachBatch` only passes records to the listener, so fetches and heartbeats continue while a function runs.
 *
 * This class, not kafkajs, sets the read positions: at every join it pauses all partitions, fetches committed offsets,
 * and resumes at the offsets that the listener returns. After a crash of the kafkajs consumer, it creates a new one.
 */
export class KafkajsConsumer implements BrokerConsumer {
  readonly #client: Kafka;
  readonly #admin: () => Promise<Admin>;
  readonly #options: ConsumerOptions;
  #listener!: ConsumerListener;
  #consumer: Consumer | undefined;
  #generation = 0;
  /** Partitions whose read position is set. Records of other partitions were fetched before that, and are ignored. */
  #positioned = new Set<number>();
  #commitDirect: ((offsets: Offsets) => Promise<void>) | undefined;
  readonly #stopped = new AbortController();
  readonly #stop = new Promise<undefined>((resolve) => {
    this.#stopped.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  #running: Promise<void> = Promise.resolve();

  constructor(client: Kafka, admin: () => Promise<Admin>, options: ConsumerOptions) {
    this.#client = client;
    this.#admin = admin;
    this.#options = options;
  }

  start(listener: ConsumerListener): void {
    this.#listener = listener;
    this.#running = this.#runUntilStopped();
  }

  /** Runs a kafkajs consumer, and a new one after each crash, until `stop` or a fatal error. */
  async #runUntilStopped(): Promise<void> {
    for (let attempt = 0; !this.#stopped.signal.aborted; attempt++) {
      const startedAt = performance.now();
      try {
        await this.#assertTopicExists();
        const crash = await this.#runUntilCrash();
        if (crash === undefined) return;
        throw crash;
      } catch (error) {
        this.#endAssignment();
        if (this.#stopped.signal.aborted) return;
        const fatal = fatalError(error, this.#options.topic);
        if (fatal) {
          this.#listener.failed(fatal);
          return;
        }
        // A consumer that crashes soon after each start is restarted with increasing delays.
        if (performance.now() - startedAt > STABLE_MS) attempt = 0;
        this.#listener.waiting(withHint(describeError(error)));
        await sleep(backoff(attempt, 250, 3_000), this.#stopped.signal);
      }
    }
  }

  async #assertTopicExists(): Promise<void> {
    const admin = await this.#admin();
    const topics = await admin.listTopics();
    if (!topics.includes(this.#options.topic)) {
      throw new KafkaEventsError('TOPIC_MISSING', `topic ${this.#options.topic} does not exist yet`);
    }
  }

  /** Resolves with the error that crashed the kafkajs consumer, or with `undefined` after `stop`. */
  async #runUntilCrash(): Promise<Error | undefined> {
    const { topic, groupId, sessionTimeoutMs } = this.#options;
    const consumer = this.#client.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      heartbeatInterval: Math.min(3_000, sessionTimeoutMs / 3),
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      minBytes: 1,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
    this.#consumer = consumer;
    const { CRASH, GROUP_JOIN, REBALANCING, FETCH_START } = consumer.events;
    const crashed = new Promise<Error>((resolve) => {
      consumer.on(CRASH, ({ payload }) => resolve(payload.error));
    });
    const fetching = new Promise<void>((resolve) => {
      const off = consumer.on(FETCH_START, () => {
        off();
        resolve();
      });
    });
    consumer.on(REBALANCING, () => this.#endAssignment());
    consumer.on(GROUP_JOIN, ({ payload }) => {
      void this.#joined(consumer, fetching, payload.memberAssignment[topic] ?? []);
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#eachBatch(payload) });
      return await Promise.race([crashed, this.#stop]);
    } finally {
      this.#consumer = undefined;
      await consumer.disconnect();
    }
  }

  #endAssignment(): void {
    this.#generation += 1;
    this.#positioned = new Set();
    this.#commitDirect = undefined;
    this.#listener.revoked();
  }

  async #joined(consumer: Consumer, fetching: Promise<void>, partitions: readonly number[]): Promise<void> {
    const { topic, groupId, startingPosition } = this.#options;
    this.#endAssignment();
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation && !this.#stopped.signal.aborted;
    if (partitions.length > 0) consumer.pause([{ topic, partitions: [...partitions] }]);
    for (let attempt = 0; isCurrent(); attempt++) {
      try {
        const starts = await startingOffsets(await this.#admin(), topic, groupId, startingPosition, partitions);
        if (!isCurrent()) return;
        // Committed at once, so that a later start does not evaluate LATEST or AT_TIMESTAMP again.
        const toCommit = starts.filter(
          ({ committed }) => committed === undefined && startingPosition.kind !== 'TRIM_HORIZON',
        );
        if (toCommit.length > 0) {
          // kafkajs silently ignores commits before its first fetch.
          await fetching;
          if (!isCurrent()) return;
          await consumer.commitOffsets(
            toCommit.map((it) => ({ topic, partition: it.partition, offset: String(it.start) })),
          );
        }
        if (!isCurrent()) return;
        for (const [partition, offset] of this.#listener.assigned(starts)) {
          consumer.seek({ topic, partition, offset: String(offset) });
          this.#positioned.add(partition);
        }
        if (partitions.length > 0) consumer.resume([{ topic, partitions: [...partitions] }]);
        this.#listener.ready(partitions.length);
        return;
      } catch (error) {
        if (!isCurrent()) return;
        this.#listener.waiting(describeError(error));
        await sleep(backoff(attempt, 100, 2_000), this.#stopped.signal);
      }
    }
  }

  #eachBatch({ batch, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    // The type declarations lack the argument; without it kafkajs commits nothing, because autoCommit is off.
    this.#commitDirect = commitOffsetsIfNecessary as (offsets: Offsets) => Promise<void>;
    const { partition, highWatermark } = batch;
    const { records, next } = chunkOf(batch);
    if (this.#positioned.has(partition)) this.#listener.fetched(partition, records, next, Number(highWatermark));
    return Promise.resolve();
  }

  pause(partition: number): void {
    this.#consumer?.pause([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  resume(partition: number): void {
    this.#consumer?.resume([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.#options;
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
    if (partitions.length === 0) return;
    const generation = this.#generation;
    for (let attempt = 0; ; attempt++) {
      const consumer = this.#consumer;
      if (generation !== this.#generation || consumer === undefined) throw fenced();
      try {
        // This function of kafkajs does not retry: a retry could commit offsets of an old generation in a new one.
        if (this.#commitDirect) await this.#commitDirect({ topics: [{ topic, partitions }] });
        else await consumer.commitOffsets(partitions.map((it) => ({ topic, ...it })));
        return;
      } catch (error) {
        if (FENCED.has(errorType(error)) || attempt >= 8) throw fenced(error);
        await sleep(backoff(attempt, 50, 1_000));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }
}

const errorType = (error: unknown): string =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : '';

const fenced = (cause?: unknown): KafkaEventsError =>
  new KafkaEventsError('COMMIT_FENCED', 'offsets were not committed, because the group was rebalanced', { cause });

const causes = (error: unknown): Error[] => (error instanceof Error ? [error, ...causes(error.cause)] : []);

/** The error to report if a retry cannot succeed; `undefined` for a retriable error. */
const fatalError = (error: unknown, topic: string): KafkaEventsError | undefined => {
  const chain = causes(error);
  const codec = chain.find((it) => it instanceof RecordsError && it.code === 'CODEC_MISSING');
  if (codec) return new KafkaEventsError('CODEC_MISSING', `topic ${topic}: ${codec.message}`, { cause: error });
  if (chain.some((it) => it.name === 'KafkaJSSASLAuthenticationError')) {
    return new KafkaEventsError('AUTH_FAILED', `SASL authentication failed: ${describeError(error)}`, { cause: error });
  }
  return undefined;
};
