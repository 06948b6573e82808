import type { KafkaEvent } from '../event.ts';

/** Result of an invocation. `not-reached` (throttled, or no response) does not count as an attempt (K-36, K-38). */
export type InvokeResult =
  | { readonly outcome: 'success'; readonly response: unknown }
  | { readonly outcome: 'function-error'; readonly message: string }
  | { readonly outcome: 'not-reached'; readonly message: string };

/** Invokes one function synchronously, as Lambda defines it (K-24). Never rejects: a failure is a result. */
export interface Invoker {
  invoke(event: KafkaEvent): Promise<InvokeResult>;
  close(): Promise<void>;
}
