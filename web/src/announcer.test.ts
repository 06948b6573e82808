import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createAnnouncer } from './announcer.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('the first text is said at once, the next ones together, 3 s later, the newest of each topic', () => {
  const said: string[] = [];
  const announce = createAnnouncer((text) => said.push(text));
  announce('state', 'Live.');
  expect(said).toEqual(['Live.']);
  announce('taps', '1 tap.');
  announce('state', 'Offline.');
  announce('taps', '2 taps.');
  jest.advanceTimersByTime(2999);
  expect(said).toHaveLength(1);
  jest.advanceTimersByTime(1);
  expect(said).toEqual(['Live.', 'Offline. 2 taps.']);
});

test('however much happens, something is said at most every 3 s', () => {
  const times: number[] = [];
  const announce = createAnnouncer(() => times.push(Date.now()));
  for (let n = 0; n < 1000; n++) {
    announce('taps', `${n}`);
    jest.advanceTimersByTime(70);
  }
  const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(3000);
  expect(times.length).toBeGreaterThan(20);
});
