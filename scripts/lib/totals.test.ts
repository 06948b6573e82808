import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Totals } from './totals.ts';

const update = (start: string, emoji_type: string, raw_count: number) => ({ start, emoji_type, raw_count });

test('counts are cumulative within a window and add up over windows', () => {
  const totals = new Totals();
  expect(totals.add(update('w1', '🔥', 3))).toEqual({ grown: 3, total: 3 });
  expect(totals.add(update('w1', '🔥', 5))).toEqual({ grown: 2, total: 5 });
  expect(totals.add(update('w2', '🔥', 1))).toEqual({ grown: 1, total: 6 });
  expect(totals.add(update('w2', '❤️', 4))).toEqual({ grown: 4, total: 4 });
});

test('an older or repeated update changes nothing', () => {
  const totals = new Totals();
  totals.add(update('w1', '🔥', 5));
  expect(totals.add(update('w1', '🔥', 5))).toEqual({ grown: 0, total: 5 });
  expect(totals.add(update('w1', '🔥', 2))).toEqual({ grown: 0, total: 5 });
});

test('in any order and with repetitions, the largest count of each window counts', () => {
  const updates = fc.array(
    fc.record({
      start: fc.constantFrom('w1', 'w2', 'w3'),
      emoji_type: fc.constantFrom('🔥', '❤️'),
      raw_count: fc.nat({ max: 50 }),
    }),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(updates, (list) => {
      const totals = new Totals();
      for (const each of list) totals.add(each);
      for (const emoji of ['🔥', '❤️']) {
        const largest = ['w1', 'w2', 'w3'].map((start) =>
          Math.max(
            0,
            ...list.filter((u) => u.start === start && u.emoji_type === emoji).map(({ raw_count }) => raw_count),
          ),
        );
        expect(totals.all().get(emoji) ?? 0).toBe(largest.reduce((sum, each) => sum + each));
      }
    }),
  );
});
