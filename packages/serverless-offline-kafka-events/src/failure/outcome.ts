import type { InvokeResult } from '../invoker/port.ts';
import type { PartitionRecords } from '../batch.ts';
import { readItemFailures } from './item-failures.ts';
import type { FailedOffsets } from './item-failures.ts';

/** What an invocation means for the records of its batch. */
export type Outcome =
  | { readonly kind: 'success' }
  /** The whole batch failed. `functionError` is false when the function returned, but with an invalid response. */
  | { readonly kind: 'failed'; readonly functionError: boolean; readonly message: string }
  | { readonly kind: 'partial'; readonly failed: FailedOffsets }
  /** The function was throttled, or its endpoint did not respond. This does not count as a retry attempt (K-38). */
  | { readonly kind: 'not-reached'; readonly message: string };

/** Any return value means success (K-36), unless the mapping has `ReportBatchItemFailures` (K-43 to K-46). */
export const readOutcome = (
  result: InvokeResult,
  topic: string,
  records: PartitionRecords,
  partialResponses: boolean,
): Outcome => {
  if (result.outcome === 'not-reached') return { kind: 'not-reached', message: result.message };
  if (result.outcome === 'function-error') return { kind: 'failed', functionError: true, message: result.message };
  if (!partialResponses) return { kind: 'success' };
  const failures = readItemFailures(result.response, topic, records);
  if ('invalid' in failures) return { kind: 'failed', functionError: false, message: failures.invalid };
  return failures.offsets.size === 0 ? { kind: 'success' } : { kind: 'partial', failed: failures.offsets };
};
