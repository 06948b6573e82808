/** A function in this process. */
export interface LocalFunction {
  /** The event of a batch has the format of `MSKEvent` and `SelfManagedKafkaEvent` in `@types/aws-lambda`. */
  readonly handler: (event: never) => unknown;
  /** As in serverless.yml. */
  readonly events: readonly Record<string, unknown>[];
  /** In seconds. A function that takes longer has failed, and its batch is retried; the call itself is not ended. */
  readonly timeout: number;
}
