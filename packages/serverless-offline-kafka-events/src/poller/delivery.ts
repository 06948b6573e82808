import type { BrokerRecord } from '../broker/port.ts';
import type { FailureDestination } from '../destination/port.ts';
import { describeError } from '../errors.ts';
import { buildEvent } from '../event.ts';
import type { EventSource } from '../event.ts';
import { readOutcome } from '../failure/outcome.ts';
import type { Outcome } from '../failure/outcome.ts';
import type { RetryPolicy } from '../failure/policy.ts';
import { resolve, discardUndeliverable } from '../failure/resolution.ts';
import type { Discarded, Resolution } from '../failure/resolution.ts';
import type { Invoker } from '../invoker/port.ts';
import type { Log } from '../log.ts';
import type { Counters } from '../metrics/counters.ts';
import { backoff } from '../time.ts';
import { countRecords } from '../batch.ts';
import type { Batch, PartitionRecords } from '../batch.ts';
import type { PartitionTable } from './partition-table.ts';
import type { RetryQueue } from './retry-queue.ts';

export interface DeliveryDeps {
  readonly name: string;
  readonly source: EventSource;
  readonly table: PartitionTable;
  readonly retries: RetryQueue;
  readonly invoker: Invoker;
  readonly policy: RetryPolicy;
  readonly destination: FailureDestination | undefined;
  /** Not documented by AWS (K-37). Milliseconds. */
  readonly retryDelayMs: { readonly first: number; readonly longest: number };
  /** Whether a record makes an event too big on its own (K-53). */
  readonly tooBig: (record: BrokerRecord) => boolean;
  /** Starts a commit of what is processed; the next batch does not wait for it. */
  readonly commit: () => void;
  /** Wakes idle pollers: partitions are free again, or retries are due. */
  readonly wake: () => void;
  readonly invoked: (batch: Batch, outcome: Outcome, durationMs: number) => void;
  readonly counters: Counters;
  readonly log: Log;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** One attempt of a batch: invocation, outcome, resolution. */
export class Delivery {
  readonly #deps: DeliveryDeps;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async deliver(batch: Batch): Promise<void> {
    const { policy, tooBig, table } = this.#deps;
    const undeliverable = discardUndeliverable(batch, policy, Date.now(), tooBig);
    if (undeliverable) return this.#apply(batch, undeliverable);
    const outcome = await this.#invoke(batch);
    // Partitions that another member owns by now are abandoned without a commit (K-75).
    const held = table.stillHeld(batch);
    if (held) await this.#apply(held, resolve(held, outcome, policy));
  }

  async #invoke(batch: Batch): Promise<Outcome> {
    const { source, invoker, policy, counters, now, invoked } = this.#deps;
    const start = now();
    const result = await invoker.invoke(buildEvent(source, batch.records));
    const outcome = readOutcome(result, source.topic, batch.records, policy.partialResponses);
    counters.add('InvokedEventCount', batch.count);
    if (outcome.kind !== 'success') {
      counters.add('InvokeErrorCount');
      counters.add('FailedInvokeEventCount', failedRecords(batch, outcome));
    }
    invoked(batch, outcome, now() - start);
    return outcome;
  }

  async #apply(batch: Batch, { discard, replacements, backOff }: Resolution): Promise<void> {
    const { table, retries, retryDelayMs, now, commit, wake } = this.#deps;
    if (discard) await this.#discard(discard);
    table.replace(batch, replacements);
    for (const next of replacements) {
      retries.add(next, backOff ? now() + backoff(next.failures - 1, retryDelayMs.first, retryDelayMs.longest) : 0);
    }
    wake();
    commit();
  }

  /** Sends records to the destination or drops them: in both cases the partition goes on (K-52). */
  async #discard(discard: Discarded): Promise<void> {
    const { name, source, destination, counters, log } = this.#deps;
    const count = countRecords(discard.records);
    const what = `${name}: ${describeRecords(source.topic, discard.records)} given up (${discard.condition})`;
    if (destination === undefined) {
      counters.add('DroppedEventCount', count);
      log.error(`${what} and dropped: the mapping has no on-failure destination`);
      return;
    }
    try {
      await destination.send(discard);
      counters.add('OnFailureDestinationDeliveredEventCount', count);
      log.warning(`${what}, sent to ${destination.name}`);
    } catch (error) {
      counters.add('OnFailureDestinationDeliveryErrorCount');
      counters.add('DroppedEventCount', count);
      log.error(`${what} and dropped: ${describeError(error)}`);
    }
  }
}

const failedRecords = (batch: Batch, outcome: Outcome): number =>
  outcome.kind === 'partial'
    ? [...outcome.failed.values()].reduce((sum, offsets) => sum + offsets.size, 0)
    : batch.count;

const describeRecords = (topic: string, records: PartitionRecords): string => {
  const parts = [...records].map(([partition, list]) => {
    const [first, last] = [list[0]?.offset ?? 0, list.at(-1)?.offset ?? 0];
    return `${topic}-${partition} offset ${first === last ? first : `${first} to ${last}`}`;
  });
  return `${countRecords(records)} records, ${parts.join(', ')},`;
};
