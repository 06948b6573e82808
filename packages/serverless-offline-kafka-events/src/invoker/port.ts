import type { KafkaEvent } from '../event.ts';

/** What came of an invocation. Only `function-error` counts as an attempt (K-36, K-38). */
export type InvokeResult =
  | { readonly outcome: 'success'; readonly response: unknown }
  | { readonly outcome: 'function-error'; readonly message: string }
  | { readonly outcome: 'not-reached'; readonly message: string };

/** Calls one function, synchronously in Lambda's sense (K-24). Never rejects: a failure is a result. */
export interface Invoker {
  invoke(event: KafkaEvent): Promise<InvokeResult>;
  close(): Promise<void>;
}
