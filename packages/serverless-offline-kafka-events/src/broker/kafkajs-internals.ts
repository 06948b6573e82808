import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export interface FetchRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}

/** Parts of kafkajs that it does not export, as far as they are used. */
export const internals = {
  Fetch: require('kafkajs/src/protocol/requests/fetch') as {
    protocol: (target: { version: number }) => (request: FetchRequest) => {
      readonly response: { decode(data: Buffer): Promise<unknown>; parse(data: unknown): unknown };
    };
  },
  Batch: require('kafkajs/src/consumer/batch') as { readonly prototype: object },
};
