import type { FetchDefinition } from '#kafka-records';
import kafkajs from '#kafkajs';

interface Internals {
  readonly Fetch: {
    protocol: FetchDefinition;
  };
  readonly Batch: { readonly prototype: object };
}

/** Parts of kafkajs that it does not export, as far as they are used. Those of the package's own copy. */
export const internals = kafkajs.internals as Internals;
