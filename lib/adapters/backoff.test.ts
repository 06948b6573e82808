import { expect, test } from '@jest/globals';
import { fullJitterMs, retryAfterMs } from './backoff.ts';

test('the wait is a random part of a limit, which doubles with each failure up to a maximum', () => {
  const waits = (random: number) =>
    [1, 2, 3, 6, 7, 2000].map((failures) => fullJitterMs(failures, { firstMs: 250, longestMs: 10_000 }, () => random));
  expect(waits(1)).toEqual([250, 500, 1000, 8000, 10_000, 10_000]);
  expect(waits(0.5)).toEqual([125, 250, 500, 4000, 5000, 5000]);
  expect(waits(0)).toEqual([0, 0, 0, 0, 0, 0]);
});

test.each([
  ['2', 2000],
  ['Fri, 01 May 2026 20:45:03 GMT', 3000],
  ['Fri, 01 May 2026 20:44:00 GMT', 0],
  ['soon', 0],
  ['', 0],
  [undefined, 0],
])('Retry-After %p is a wait of %i ms', (header, wait) => {
  expect(retryAfterMs(header, Date.parse('2026-05-01T20:45:00Z'))).toBe(wait);
});
