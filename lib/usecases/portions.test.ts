import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tap, tapBatch } from '../../test/support/taps.ts';
import { portionsOf } from './portions.ts';

const spanOf = (first: number, last: number) => ({ first, last, newest: -1, appended: 0 });

test('each portion continues at the end of the one before, and each tap is in one portion', () => {
  const partition = fc.record({
    before: fc.nat(3),
    /** Number of offsets from each record to the next. */
    steps: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }),
    behind: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(partition, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 12 }), (parts, most) => {
      const taps = parts.flatMap(({ before, steps }, partition) => {
        let offset = 100 + before;
        return steps.map((step) => tap((offset += step), { partition, appended: 1 + offset }));
      });
      const batch = tapBatch(taps);
      const spans = new Map(
        parts.map(({ behind }, partition) => {
          const name = `emoji_topic-${partition}`;
          const last = (batch.spans.get(name)?.last ?? 102) + behind;
          return [name, { ...spanOf(100, last), ...batch.spans.get(name), first: 100, last }];
        }),
      );
      const portions = portionsOf({ ...batch, spans }, most);
      const next = new Map([...spans].map(([name, { first }]) => [name, first]));
      for (const { records, spans: covered } of portions) {
        expect(records.length).toBeLessThanOrEqual(most);
        for (const [name, { first, last, appended }] of covered) {
          expect(first).toBe(next.get(name));
          expect(last).toBeGreaterThanOrEqual(first);
          const times = records.flatMap(({ topic, partition: of, timestamp }) =>
            name === `${topic}-${of}` ? [timestamp] : [],
          );
          expect(appended).toBe(Math.max(0, ...times));
          next.set(name, last + 1);
        }
      }
      expect(next).toEqual(new Map([...spans].map(([name, { last }]) => [name, last + 1])));
      expect(portions.flatMap((portion) => portion.taps)).toEqual(taps);
    }),
  );
});

test('a batch without records is one portion', () => {
  const spans = new Map([['emoji_topic-0', spanOf(3, 9)]]);
  expect(portionsOf({ records: [], taps: [], spans }, 10)).toEqual([{ records: [], taps: [], spans }]);
});
