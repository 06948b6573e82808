import type { Broker, BrokerConsumer, BrokerRecord, ConsumerListener } from '../broker/port.ts';
import { describeError } from '../errors.ts';
import { buildEvent } from '../event.ts';
import type { EventSource } from '../event.ts';
import type { Invoker } from '../invoker/port.ts';
import type { Log } from '../log.ts';
import type { MappingDefinition } from '../config/definition.ts';
import { envelopeSize, partitionSize, PAYLOAD_LIMIT, recordSizer } from '../payload-size.ts';
import { sleep } from '../time.ts';
import { Batcher } from './batcher.ts';
import { PartitionTable } from './partition-table.ts';
import { Poller } from './poller.ts';

export interface MappingDeps {
  readonly definition: MappingDefinition;
  readonly broker: Broker;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly sessionTimeoutMs: number;
  readonly now?: () => number;
}

const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 10_000;
/** Buffered bytes per mapping, shared by its partitions: beyond, reading pauses. */
const BUFFER_BYTES = 64 * 1024 * 1024;
const REPEAT_WAITING_MS = 30_000;

/** One event source mapping: a group member, its buffers and its pollers. */
export class Mapping {
  readonly #deps: MappingDeps;
  readonly #source: EventSource;
  readonly #consumer: BrokerConsumer;
  readonly #table = new PartitionTable();
  readonly #pollers: Poller[];
  readonly #paused = new Set<number>();
  readonly #size: (record: BrokerRecord) => number;
  readonly #now: () => number;
  #runs: Promise<void>[] = [];
  #ready: (() => void) | undefined;
  #readyPartitions: number | undefined;
  #lastWaiting = { reason: '', at: 0 };

  constructor(deps: MappingDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    const { definition, broker } = deps;
    const { topic, kind, arn } = definition;
    this.#source = { kind, arn, topic, bootstrapServers: broker.bootstrapServers };
    this.#size = recordSizer(topic);
    this.#consumer = broker.consumer({
      topic,
      groupId: definition.groupId,
      startingPosition: definition.startingPosition,
      sessionTimeoutMs: deps.sessionTimeoutMs,
    });
    this.#pollers = [this.#poller()];
  }

  get name(): string {
    return `${this.#deps.definition.functionKey} ← ${this.#deps.definition.topic}`;
  }

  /** Resolves when the mapping has joined its group and its positions are fixed, for the first time. */
  start(): Promise<void> {
    const ready = new Promise<void>((resolve) => (this.#ready = resolve));
    this.#runs = this.#pollers.map((poller) => poller.run());
    this.#consumer.start(this.#listener());
    return ready;
  }

  /** Finishes the invocation in flight, at most `timeoutMs`, commits and leaves the group. */
  async stop(timeoutMs: number): Promise<void> {
    for (const poller of this.#pollers) poller.stop();
    const drained = new AbortController();
    const runs = Promise.all(this.#runs).then(() => drained.abort());
    await Promise.race([runs, sleep(timeoutMs, drained.signal)]);
    await this.#commit();
    await this.#consumer.stop();
  }

  #poller(): Poller {
    const { definition, invoker } = this.#deps;
    const { topic, batchSize, windowMs } = definition;
    return new Poller({
      table: this.#table,
      batcher: new Batcher({
        batchSize,
        windowMs,
        payloadBytes: PAYLOAD_LIMIT - envelopeSize(this.#source),
        partitionBytes: (partition) => partitionSize(topic, partition),
      }),
      mine: () => true,
      invoke: async (batch) => {
        const result = await invoker.invoke(buildEvent(this.#source, batch.records));
        if (result.outcome !== 'success') {
          this.#deps.log.warning(
            `${this.name}: ${result.outcome}, ${batch.count} records will be retried: ${result.message}`,
          );
        }
        return result;
      },
      commit: () => this.#commit(),
      taken: (partitions) => this.#resume(partitions),
      now: this.#now,
      retryBaseMs: RETRY_BASE_MS,
      retryMaxMs: RETRY_MAX_MS,
    });
  }

  #listener(): ConsumerListener {
    const { log, definition } = this.#deps;
    return {
      revoked: () => {
        this.#table.revoked();
        this.#paused.clear();
      },
      assigned: (partitions) => {
        this.#paused.clear();
        return this.#table.assigned(partitions);
      },
      ready: (count) => {
        if (this.#readyPartitions !== count) {
          const batch = `batch ${definition.batchSize} / ${definition.windowMs / 1000} s`;
          log.notice(`${this.name} (group ${definition.groupId}, ${count} partitions, ${batch}) ready`);
        }
        this.#readyPartitions = count;
        this.#lastWaiting = { reason: '', at: 0 };
        this.#ready?.();
        void this.#commit();
        for (const poller of this.#pollers) poller.wake();
      },
      records: (partition, records, next, end) => {
        if (!this.#table.add(partition, records, next, end, this.#size)) {
          log.warning(
            `${this.name}: offsets of partition ${partition} went back to ${records[0]?.offset ?? next}; following them`,
          );
        }
        this.#pauseIfFull(partition);
        for (const poller of this.#pollers) poller.wake();
      },
      waiting: (reason) => this.#printWaiting(reason),
      failed: (error) => log.error(`${this.name} stopped: ${describeError(error)}`),
    };
  }

  #printWaiting(reason: string): void {
    const last = this.#lastWaiting;
    if (reason === last.reason && this.#now() - last.at < REPEAT_WAITING_MS) return;
    this.#lastWaiting = { reason, at: this.#now() };
    this.#deps.log.notice(`${this.name} waits: ${reason}`);
  }

  /** Two batches ahead are enough to never wait for the broker. */
  #full(partition: number, share: number): boolean {
    const buffer = this.#table.buffer(partition);
    if (!buffer) return false;
    const bytes = Math.max(PAYLOAD_LIMIT / 2, BUFFER_BYTES / Math.max(1, this.#table.partitions.length));
    return buffer.length > share * Math.max(1_000, 2 * this.#deps.definition.batchSize) || buffer.bytes > share * bytes;
  }

  #pauseIfFull(partition: number): void {
    if (this.#paused.has(partition) || !this.#full(partition, 1)) return;
    this.#paused.add(partition);
    this.#consumer.pause(partition);
  }

  #resume(partitions: Iterable<number>): void {
    for (const partition of partitions) {
      if (!this.#paused.has(partition) || this.#full(partition, 0.5)) continue;
      this.#paused.delete(partition);
      this.#consumer.resume(partition);
    }
  }

  async #commit(): Promise<void> {
    this.#table.skipEmpty();
    const offsets = this.#table.uncommitted();
    if (offsets.size === 0) return;
    try {
      await this.#consumer.commit(offsets);
      this.#table.markCommitted(offsets);
    } catch (error) {
      // Not lost: `processed` stays ahead of `committed` and is committed with the next batch or assignment.
      this.#deps.log.debug(`${this.name}: ${describeError(error)}`);
    }
  }
}
