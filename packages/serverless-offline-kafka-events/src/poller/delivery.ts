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
  /** Delay between retries in milliseconds; AWS documents none (K-37). */
  readonly retryDelayMs: { readonly first: number; readonly longest: number };
  /** Whether an event with this record alone exceeds the payload limit (K-53). */
  readonly tooBig: (record: BrokerRecord) => boolean;
  /** Starts a commit of the processed offsets; the next batch does not wait for it. */
  readonly commit: () => void;
  /** Wakes idle pollers: partitions have no batch in flight any more, or retries are due. */
  readonly wake: () => void;
  readonly invoked: (batch: Batch, outcome: Outcome, durationMs: number) => void;
  readonly counters: Counters;
  readonly log: Log;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** Delivers a batch once: invokes the function, and acts on the outcome (commit, retry, bisect or discard). */
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
    // After a rebalance another member may own partitions of the batch: their offsets are not committed here (K-75).
    const owned = table.stillOwned(batch);
    if (owned) await this.#apply(owned, resolve(owned, outcome, policy));
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

  /** Sends records to the on-failure destination or drops them. The partition continues in both cases (K-52). */
  async #discard(discard: Discarded): Promise<void> {
    const { name, source, destination, counters, log } = this.#deps;
    const count = countRecords(discard.records);
    const what = `${name}: discarded ${describeRecords(source.topic, discard.records)} (${discard.condition})`;
    if (destination === undefined) {
      counters.add('DroppedEventCount', count);
      log.error(`${what}; they are lost, because the mapping has no on-failure destination`);
      return;
    }
    try {
      await destination.send(discard);
      counters.add('OnFailureDestinationDeliveredEventCount', count);
      log.warning(`${what} and sent them to ${destination.name}`);
    } catch (error) {
      counters.add('OnFailureDestinationDeliveryErrorCount');
      counters.add('DroppedEventCount', count);
      log.error(`${what}; they are lost, because the on-failure destination failed: ${describeError(error)}`);
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
  return `${countRecords(records)} records, ${parts.join(', ')}`;
};
