import { expect, test } from '@jest/globals';
import { demoTaps } from './demo.ts';
import { sum } from './formats.ts';

test('the invented crowd is quiet and loud in turn, and taps every emoji', () => {
  const seconds = Array.from({ length: 120 }, (_, second) => demoTaps(['🔥', '❤️'], second, () => 0.5));
  const loudness = seconds.map(sum);
  expect(Math.min(...loudness)).toBeLessThan(4);
  expect(Math.max(...loudness)).toBeGreaterThan(20);
  expect(Object.keys(seconds[0] ?? {})).toEqual(['🔥', '❤️']);
});
