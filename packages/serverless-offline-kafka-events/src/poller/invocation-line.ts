import type { BrokerRecord } from '../broker/port.ts';
import type { Outcome } from '../failure/outcome.ts';
import type { Log } from '../log.ts';
import type { MappingReport } from '../metrics/report.ts';
import type { Batch } from '../batch.ts';

export interface InvocationLineDeps {
  readonly name: string;
  readonly log: Log;
  /** Whether to log every invocation instead of only those that fail. */
  readonly logBatches: boolean;
  readonly size: (record: BrokerRecord) => number;
  readonly report: () => MappingReport;
}

/** Returns a function that logs the outcome of an invocation. */
export const describeInvocation = ({ name, log, logBatches, size, report }: InvocationLineDeps) => {
  let filteredBefore = 0;
  return (batch: Batch, outcome: Outcome, durationMs: number): void => {
    const problem = explain(outcome);
    if (problem !== undefined)
      log.warning(`${name}: ${problem} (${batch.count} records, attempt ${batch.failures + 1})`);
    if (!logBatches) return;
    const { counts, gauges } = report();
    const filtered = counts.FilteredOutEventCount - filteredBefore;
    filteredBefore = counts.FilteredOutEventCount;
    let bytes = 0;
    for (const list of batch.records.values()) for (const record of list) bytes += size(record);
    log.notice(
      `${name}: ${outcome.kind}, ${batch.count} records, ${bytes} bytes, ${filtered} filtered, ` +
        `${Math.round(durationMs)} ms, lag ${gauges.OffsetLag}`,
    );
  };
};

const explain = (outcome: Outcome): string | undefined => {
  switch (outcome.kind) {
    case 'success':
      return undefined;
    case 'partial':
      return `${[...outcome.failed.values()].reduce((sum, offsets) => sum + offsets.size, 0)} records reported as failed`;
    case 'failed':
      return `${outcome.functionError ? 'function error' : 'invalid response'}: ${outcome.message}`;
    case 'not-reached':
      return `function not reached: ${outcome.message}`;
  }
};
