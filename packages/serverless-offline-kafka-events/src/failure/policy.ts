import type { MappingDefinition } from '../config/definition.ts';

/** What a mapping does with records that fail. */
export interface RetryPolicy {
  /** Retries after the first call; Infinity is until success (K-35, K-39). */
  readonly maxRetries: number;
  /** Milliseconds since the record's timestamp; Infinity when age does not matter (K-41). */
  readonly maxAgeMs: number;
  /** Split a batch that fails (K-42). */
  readonly bisect: boolean;
  /** `ReportBatchItemFailures` (K-43). */
  readonly partialResponses: boolean;
}

/** With a destination, endless retries end after this many (K-40). */
const RETRIES_WITH_DESTINATION = 10;

export const retryPolicy = ({ properties }: MappingDefinition, hasDestination: boolean): RetryPolicy => {
  const { MaximumRetryAttempts: retries, MaximumRecordAgeInSeconds: age } = properties;
  const endless = hasDestination ? RETRIES_WITH_DESTINATION : Infinity;
  return {
    maxRetries: retries === -1 ? endless : retries,
    maxAgeMs: age === -1 ? Infinity : age * 1000,
    bisect: properties.BisectBatchOnFunctionError,
    partialResponses: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
  };
};
