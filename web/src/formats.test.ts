import { expect, test } from '@jest/globals';
import { countOf, createFormats, sum } from './formats.ts';

const { compact, full, some, tally } = createFormats('en');

test('numbers are short on buttons and full in sentences', () => {
  expect([0, 999, 12_432, 123_456, 1_234_567].map(compact)).toEqual(['0', '999', '12.4K', '123.5K', '1.2M']);
  expect(full(12_432)).toBe('12,432');
  expect([some(1, 'tap'), some(12_432, 'tap')]).toEqual(['1 tap', '12,432 taps']);
});

test('a tally names what was tapped', () => {
  expect(tally({ '🔥': 1200, '👏': 0, '❤️': 1 })).toBe('🔥 1,200 and ❤️ 1');
  expect(sum({ '🔥': 1200, '❤️': 1 })).toBe(1201);
});

test('another language has other separators', () => {
  expect(createFormats('de').full(12_432)).toBe('12.432');
});

test('an emoji is found in either spelling', () => {
  expect([countOf({ '❤️': 3 }, '❤'), countOf({ '❤️': 3 }, '❤️'), countOf({ '❤️': 3 }, '🔥')]).toEqual([3, 3, 0]);
});
