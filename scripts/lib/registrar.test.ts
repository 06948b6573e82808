import { expect, test } from '@jest/globals';
import { backoffMs } from './registrar.ts';

test('waits double from a quarter of a second up to ten, a half of each left to chance', () => {
  const waits = (random: number) => [1, 2, 3, 4, 7, 50].map((failures) => backoffMs(failures, () => random));
  expect(waits(1)).toEqual([250, 500, 1000, 2000, 10_000, 10_000]);
  expect(waits(0)).toEqual([125, 250, 500, 1000, 5000, 5000]);
});
