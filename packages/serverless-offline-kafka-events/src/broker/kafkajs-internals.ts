import type { FetchDefinition } from '#kafka-records';
import kafkajs from '#kafkajs';

interface Internals {
  readonly Fetch: {
    protocol: FetchDefinition;
  };
  readonly Batch: { readonly prototype: object };
}

/** Parts of the private copy of kafkajs that kafkajs itself does not export. */
export const internals = kafkajs.internals as Internals;
