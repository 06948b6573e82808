import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NO_RECORD } from '../../test/records.ts';
import { newBatch } from '../batch.ts';
import type { Batch } from '../batch.ts';
import { bisect } from './bisect.ts';
import { resolve } from './resolution.ts';

const POLICY = { maxRetries: 2, maxAgeMs: Infinity, bisect: false, partialResponses: false };
const FAILED = { kind: 'failed', functionError: true, message: 'no' } as const;

/** A batch in which partition p has the offsets 0 to counts[p] - 1. */
const batchOf = (counts: readonly number[]): Batch => {
  const records = counts
    .map((count, partition) => Array.from({ length: count }, (_, offset) => ({ ...NO_RECORD, partition, offset })))
    .map((list, partition) => [partition, list] as const);
  return newBatch(new Map(records), new Map(counts.map((count, partition) => [partition, count])));
};

const idsOf = (batch: Batch): string[] =>
  [...batch.records.values()].flat().map(({ partition, offset }) => `${partition}/${offset}`);

describe('MaximumRetryAttempts', () => {
  test('K-39 K-38 excludes the first invocation, and attempts that did not reach the function', () => {
    const first = resolve(batchOf([2]), FAILED, POLICY).replacements[0];
    const throttled = first && resolve(first, { kind: 'not-reached', message: '429' }, POLICY).replacements[0];
    const second = throttled && resolve(throttled, FAILED, POLICY).replacements[0];
    expect([first?.attempts, throttled?.attempts, second?.attempts]).toEqual([1, 1, 2]);
    expect(second && resolve(second, FAILED, POLICY)).toMatchObject({
      replacements: [],
      discard: { condition: 'RetryAttemptsExhausted', attempts: 3 },
    });
  });
});

describe('bisecting', () => {
  test('K-42 keeps every record and the order, and gives each half all retries', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), (counts) => {
        const batch = batchOf(counts);
        const halves = bisect(batch).flatMap((half) => (half.remainder ? [half, half.remainder] : [half]));
        if (batch.count > 1) expect(halves).toHaveLength(2);
        expect(halves.flatMap(idsOf).sort()).toEqual(idsOf(batch).sort());
        for (const half of halves) expect(half.attempts).toBe(0);
        for (const [partition, count] of counts.entries()) {
          const parts = halves.filter((half) => half.records.has(partition));
          expect(parts.at(-1)?.nextOffsets.get(partition)).toBe(count);
        }
      }),
    );
  });

  test('K-42 finds one failing record in log2(n) steps, at any position', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.nat(), (count, at) => {
        const failing = at % count;
        let batch = batchOf([count]);
        let steps = 0;
        for (; batch.count > 1; steps++) {
          const [first] = bisect(batch);
          const has = (it: Batch | undefined): boolean =>
            it?.records.get(0)?.some((r) => r.offset === failing) ?? false;
          batch = (has(first) ? first : first?.remainder) ?? batch;
        }
        expect(steps).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
      }),
      { numRuns: 50 },
    );
  });
});
