import kafkajs from '#kafkajs';

export interface FetchRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}

interface Internals {
  readonly Fetch: {
    protocol: (target: { version: number }) => (request: FetchRequest) => {
      readonly response: { decode(data: Buffer): Promise<unknown>; parse(data: unknown): unknown };
    };
  };
  readonly Batch: { readonly prototype: object };
}

/** Parts of kafkajs that it does not export, as far as they are used. Those of the package's own copy. */
export const internals = kafkajs.internals as Internals;
