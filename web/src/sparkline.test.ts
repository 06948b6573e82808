import { expect, test } from '@jest/globals';
import { createServerClock, linePath, tapsPerWindow } from './sparkline.ts';

const window = (start: number, taps: number) => ({ start, final: false, counts: { '🔥': taps, '❤️': 1 } });

test('windows without taps are zeros, and what is older than two minutes is left out', () => {
  const now = 1_000_500;
  const taps = tapsPerWindow(
    [window(870_000, 99), window(882_000, 7), window(998_000, 4), window(1_000_000, 2)],
    2000,
    now,
  );
  expect(taps).toHaveLength(60);
  expect([taps[0], taps[58], taps[59]]).toEqual([8, 5, 3]);
  expect(taps.reduce((sum, n) => sum + n)).toBe(16);
});

test('time goes on without taps, by the server’s clock', () => {
  const clock = createServerClock();
  expect(clock.time(100)).toBe(100);
  clock.learn([window(5000, 1)], 1000);
  clock.learn([window(5000, 2)], 1900);
  expect(clock.time(3000)).toBe(7000);
});

test('the line goes from edge to edge and from the lowest to the largest value', () => {
  expect(linePath([0, 10, 5], 100, 20)).toBe('M0 20L50 0L100 10');
  expect(linePath([0, 0], 100, 20)).toBe('M0 20L100 20');
});
