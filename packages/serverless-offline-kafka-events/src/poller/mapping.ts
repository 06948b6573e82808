import type { Broker, BrokerConsumer, BrokerRecord } from '../broker/port.ts';
import type { MappingDefinition } from '../config/definition.ts';
import type { FailureDestination } from '../destination/port.ts';
import type { EventSource } from '../event.ts';
import { retryPolicy } from '../failure/policy.ts';
import type { Invoker } from '../invoker/port.ts';
import type { Log } from '../log.ts';
import { Counters } from '../metrics/counters.ts';
import { gaugesOf } from '../metrics/report.ts';
import type { MappingReport } from '../metrics/report.ts';
import { envelopeSize, partitionSize, PAYLOAD_LIMIT, recordSizer } from '../payload-size.ts';
import { sleep } from '../time.ts';
import { Batcher } from './batcher.ts';
import { Committer } from './committer.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryDeps } from './delivery.ts';
import { FlowControl } from './flow-control.ts';
import { intake } from './intake.ts';
import { describeInvocation } from './invocation-line.ts';
import { PartitionTable } from './partition-table.ts';
import { Poller } from './poller.ts';
import { PollerPool } from './poller-pool.ts';
import { RetryQueue } from './retry-queue.ts';
import { nextPollerCount } from './scaling.ts';
import type { PollerLimits } from './scaling.ts';

export interface MappingDeps {
  readonly definition: MappingDefinition;
  readonly source: EventSource;
  readonly broker: Broker;
  readonly invoker: Invoker;
  readonly filter: ((record: BrokerRecord) => boolean) | undefined;
  readonly destination: FailureDestination | undefined;
  readonly log: Log;
  /** Whether to log a line per invocation. */
  readonly logBatches: boolean;
  readonly sessionTimeoutMs: number;
  readonly retryDelayMs: DeliveryDeps['retryDelayMs'];
}

/** Monotonic time in milliseconds: windows and delays end on time even if the system clock is changed. */
const monotonicNow = (): number => performance.now();

/** How often the number of pollers is adjusted, in ms. AWS does it every minute (K-65). */
const SCALING_MS = 1_000;

/** One event source mapping: a member of the consumer group, the buffers of its partitions, and its pollers. */
export class Mapping {
  readonly #deps: MappingDeps;
  readonly #consumer: BrokerConsumer;
  readonly #table: PartitionTable;
  readonly #retries: RetryQueue;
  readonly #flow: FlowControl;
  readonly #committer: Committer;
  readonly #pool: PollerPool;
  readonly #delivery: Delivery;
  readonly #counters = new Counters();
  readonly #limits: PollerLimits;
  #scaling: NodeJS.Timeout | undefined;

  constructor(deps: MappingDeps) {
    this.#deps = deps;
    const { definition, broker, source, destination } = deps;
    const { topic, groupId, startingPosition, batchSize } = definition;
    const { MinimumPollers: minimum = 1, MaximumPollers: maximum = 200 } =
      definition.properties.ProvisionedPollerConfig ?? {};
    this.#limits = { minimum, maximum };
    const size = recordSizer(topic);
    const payloadBytes = PAYLOAD_LIMIT - envelopeSize(source);
    this.#consumer = broker.consumer({ topic, groupId, startingPosition, sessionTimeoutMs: deps.sessionTimeoutMs });
    this.#table = new PartitionTable(size);
    this.#retries = new RetryQueue(this.#table);
    this.#flow = new FlowControl(this.#table, this.#consumer, batchSize);
    this.#committer = new Committer({
      table: this.#table,
      consumer: this.#consumer,
      committed: (records) => this.#counters.add('CommittedEventCount', records),
      failed: (message) => {
        this.#counters.add('CommitErrorCount');
        deps.log.debug(`${this.name}: ${message}`);
      },
    });
    this.#delivery = new Delivery({
      ...deps,
      name: this.name,
      table: this.#table,
      retries: this.#retries,
      policy: retryPolicy(definition, destination !== undefined),
      tooBig: (record) => size(record) + partitionSize(topic, record.partition) > payloadBytes,
      commit: () => void this.#committer.commit(),
      wake: () => this.#pool.wakeAll(),
      invoked: describeInvocation({
        name: this.name,
        log: deps.log,
        logBatches: deps.logBatches,
        size,
        report: () => this.report(),
      }),
      counters: this.#counters,
      now: monotonicNow,
    });
    this.#pool = new PollerPool((isAssigned) => this.#poller(isAssigned, payloadBytes));
  }

  get name(): string {
    return `${this.#deps.definition.functionKey} ← ${this.#deps.definition.topic}`;
  }

  /** Resolves when the mapping has joined its consumer group and starts to read its partitions. */
  start(): Promise<void> {
    const { definition, filter, log } = this.#deps;
    this.#pool.resize(this.#limits.minimum);
    this.#scaling = setInterval(() => this.#scale(), SCALING_MS).unref();
    return new Promise((resolve) =>
      this.#consumer.start(
        intake({
          name: this.name,
          definition,
          table: this.#table,
          flow: this.#flow,
          committer: this.#committer,
          filter,
          ready: () => {
            this.#scale();
            this.#pool.wakeAll();
            resolve();
          },
          arrived: (partitionIndex) => this.#pool.wake(partitionIndex),
          counters: this.#counters,
          log,
          now: monotonicNow,
        }),
      ),
    );
  }

  /** Waits for the invocations in flight, at most `timeoutMs`, commits, and leaves the consumer group. */
  async stop(timeoutMs: number): Promise<void> {
    clearInterval(this.#scaling);
    this.#committer.stop();
    const drained = new AbortController();
    const stopped = this.#pool.stop().then(() => drained.abort());
    await Promise.race([stopped, sleep(timeoutMs, drained.signal)]);
    await this.#committer.commit();
    await this.#consumer.stop();
    await this.#deps.destination?.close();
  }

  report(): MappingReport {
    const { functionKey, topic, groupId } = this.#deps.definition;
    return {
      functionName: functionKey,
      topic,
      consumerGroupId: groupId,
      counts: this.#counters.read(),
      gauges: gaugesOf(this.#table.lags(), this.#pool.size),
    };
  }

  #scale(): void {
    const { batchSize } = this.#deps.definition;
    const lags = this.#table.lags();
    const lag = [...lags.values()].reduce((sum, it) => sum + it, 0);
    const size = nextPollerCount(this.#pool.size, this.#limits, { lag, batchSize, partitions: lags.size });
    this.#pool.resize(size);
  }

  #poller(isAssigned: (partitionIndex: number) => boolean, payloadBytes: number): Poller {
    const { topic, batchSize, windowMs } = this.#deps.definition;
    return new Poller({
      table: this.#table,
      retries: this.#retries,
      batcher: new Batcher({
        batchSize,
        windowMs,
        payloadBytes,
        partitionBytes: (partition) => partitionSize(topic, partition),
      }),
      isAssigned,
      deliver: (batch) => this.#delivery.deliver(batch),
      taken: (partitions) => this.#flow.resume(partitions),
      now: monotonicNow,
    });
  }
}
