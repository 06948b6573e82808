import { expect, test } from '@jest/globals';
import { NO_RECORD } from '../../test/records.ts';
import { Counters } from '../metrics/counters.ts';
import { intake } from './intake.ts';
import type { IntakeDeps } from './intake.ts';
import { PartitionTable } from './partition-table.ts';

test('K-60 a record whose filter throws is delivered with a warning, and the records after it are filtered', () => {
  const warnings: string[] = [];
  const log = { notice: () => undefined, warning: (line: string) => warnings.push(line), error: () => undefined };
  const table = new PartitionTable(() => 1);
  table.assigned([{ partition: 0, committed: undefined, start: 0 }]);
  const listener = intake({
    name: 'consumer ← orders',
    table,
    flow: { pauseIfFull: () => undefined, reset: () => undefined },
    committer: { commitSoon: () => undefined },
    filter: ({ offset }: { offset: number }) => {
      if (offset === 1) throw new RangeError('Maximum call stack size exceeded');
      return offset === 2;
    },
    arrived: () => undefined,
    counters: new Counters(),
    log,
    now: Date.now,
  } as unknown as IntakeDeps);
  const records = [0, 1, 2].map((offset) => ({ ...NO_RECORD, offset }));
  listener.fetched(0, records, 3, 3);
  expect(
    table
      .buffer(0)
      ?.take(10, 10)
      .records.map(({ offset }) => offset),
  ).toEqual([1, 2]);
  expect(warnings).toEqual([
    'consumer ← orders: the filter failed for offset 1 of partition 0, so the record is delivered: ' +
      'Maximum call stack size exceeded',
  ]);
});
