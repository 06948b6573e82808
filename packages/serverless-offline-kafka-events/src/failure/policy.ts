import type { MappingDefinition } from '../config/definition.ts';

/** How a mapping handles failed records. */
export interface RetryPolicy {
  /** Number of retries after the first invocation; Infinity: until success (K-35, K-39). */
  readonly maxRetries: number;
  /** Maximum age by the record's timestamp, in milliseconds; Infinity: no limit (K-41). */
  readonly maxAgeMs: number;
  /** Whether a failed batch is split (K-42). */
  readonly bisect: boolean;
  /** Whether the function reports failed records: `ReportBatchItemFailures` (K-43). */
  readonly partialResponses: boolean;
}

/** Limit of retries when none is configured and the mapping has an on-failure destination (K-40). */
const RETRIES_WITH_DESTINATION = 10;

export const retryPolicy = ({ properties }: MappingDefinition, hasDestination: boolean): RetryPolicy => {
  const { MaximumRetryAttempts: retries, MaximumRecordAgeInSeconds: age } = properties;
  const unlimited = hasDestination ? RETRIES_WITH_DESTINATION : Infinity;
  return {
    maxRetries: retries === -1 ? unlimited : retries,
    maxAgeMs: age === -1 ? Infinity : age * 1000,
    bisect: properties.BisectBatchOnFunctionError,
    partialResponses: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
  };
};
