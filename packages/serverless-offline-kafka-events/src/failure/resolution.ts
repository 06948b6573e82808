import type { BrokerRecord } from '../broker/port.ts';
import { remainderOf, selectRecords, withRecords } from '../batch.ts';
import type { Batch, PartitionRecords } from '../batch.ts';
import { bisect } from './bisect.ts';
import type { Outcome } from './outcome.ts';
import type { RetryPolicy } from './policy.ts';

/** Why records are discarded. AWS documents no name for the maximum age (K-50): this is the one of Kinesis mappings. */
export type Condition = 'RetryAttemptsExhausted' | 'MaximumPayloadSizeExceeded' | 'RecordAgeExceeded';

/** Records that are not retried. */
export interface Discarded {
  readonly records: PartitionRecords;
  readonly condition: Condition;
  /** Number of invocations, including the first; 0 if the function was never invoked. */
  readonly attempts: number;
  readonly functionError: boolean;
}

/** What to do with a batch after an attempt. */
export interface Resolution {
  readonly discard: Discarded | undefined;
  /** The batches to deliver instead, in this order. If there are none, its partitions continue with new records. */
  readonly replacements: readonly Batch[];
  /** Whether the replacements are delivered after the backoff delay. */
  readonly backOff: boolean;
}

/** Decides what to do with a batch after an invocation. */
export const resolve = (batch: Batch, outcome: Outcome, policy: RetryPolicy): Resolution => {
  switch (outcome.kind) {
    case 'success':
      return { discard: undefined, replacements: remainderOf(batch), backOff: false };
    case 'not-reached':
      return { discard: undefined, replacements: [{ ...batch, failures: batch.failures + 1 }], backOff: true };
    case 'failed':
      if (policy.bisect && outcome.functionError && batch.count > 1) {
        return { discard: undefined, replacements: bisect(batch), backOff: false };
      }
      return retryOrDiscard(batch, batch, policy, outcome.functionError);
    case 'partial': {
      // Only the listed records are retried; no offset after the first of them is committed (K-47).
      const failed = selectRecords(
        batch.records,
        ({ partition, offset }) => outcome.failed.get(partition)?.has(offset) ?? false,
      );
      const rest = withRecords(batch, failed);
      return rest === undefined
        ? { discard: undefined, replacements: remainderOf(batch), backOff: false }
        : retryOrDiscard(batch, rest, policy, false);
    }
  }
};

const retryOrDiscard = (batch: Batch, rest: Batch, policy: RetryPolicy, functionError: boolean): Resolution => {
  const attempts = rest.attempts + 1;
  if (attempts <= policy.maxRetries) {
    return { discard: undefined, replacements: [{ ...rest, attempts, failures: rest.failures + 1 }], backOff: true };
  }
  const discard: Discarded = { records: rest.records, condition: 'RetryAttemptsExhausted', attempts, functionError };
  return { discard, replacements: remainderOf(batch), backOff: false };
};

/** Before an invocation: discards records that are too old (K-41) or larger than a payload (K-53). */
export const discardUndeliverable = (
  batch: Batch,
  policy: RetryPolicy,
  now: number,
  tooBig: (record: BrokerRecord) => boolean,
): Resolution | undefined => {
  const old = policy.maxAgeMs === Infinity ? undefined : now - policy.maxAgeMs;
  const expired = old === undefined ? new Map() : selectRecords(batch.records, ({ timestamp }) => timestamp < old);
  if (expired.size > 0 && old !== undefined) {
    const fresh = withRecords(
      batch,
      selectRecords(batch.records, ({ timestamp }) => timestamp >= old),
    );
    return discardUninvoked(batch, expired, 'RecordAgeExceeded', fresh);
  }
  const [list] = batch.records.values();
  // The batcher puts a record that is too big in a batch of its own.
  const onlyRecord = batch.count === 1 ? list?.[0] : undefined;
  if (onlyRecord === undefined || !tooBig(onlyRecord)) return undefined;
  return discardUninvoked(batch, batch.records, 'MaximumPayloadSizeExceeded', undefined);
};

const discardUninvoked = (
  batch: Batch,
  records: PartitionRecords,
  condition: Condition,
  rest: Batch | undefined,
): Resolution => ({
  discard: { records, condition, attempts: batch.attempts, functionError: batch.attempts > 0 },
  replacements: rest === undefined ? remainderOf(batch) : [rest],
  backOff: false,
});
