/** The counters of a mapping, by the names of AWS's metrics (K-77). */
const COUNTERS = [
  'PolledEventCount',
  'FilteredOutEventCount',
  'InvokedEventCount',
  'FailedInvokeEventCount',
  'DroppedEventCount',
  'OnFailureDestinationDeliveredEventCount',
  'CommittedEventCount',
  'PollingErrorCount',
  'InvokeErrorCount',
  'OnFailureDestinationDeliveryErrorCount',
  'CommitErrorCount',
] as const;

export type CounterName = (typeof COUNTERS)[number];
export type Counts = Readonly<Record<CounterName, number>>;

/** Counts since the mapping was created. */
export class Counters {
  readonly #counts = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<CounterName, number>;

  add(name: CounterName, count = 1): void {
    this.#counts[name] += count;
  }

  read(): Counts {
    return { ...this.#counts };
  }
}
