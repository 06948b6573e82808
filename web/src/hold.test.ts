import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createHold } from './hold.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('a press is one tap at once; held, it taps ten times a second until it ends', () => {
  const tap = jest.fn();
  const hold = createHold(tap);
  hold.start();
  expect(tap).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(300);
  expect(tap).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(1050);
  expect(tap).toHaveBeenCalledTimes(12);
  hold.stop();
  jest.advanceTimersByTime(10_000);
  expect(tap).toHaveBeenCalledTimes(12);
});

test('a second start replaces the first', () => {
  const tap = jest.fn();
  const hold = createHold(tap);
  hold.start();
  hold.start();
  hold.stop();
  jest.advanceTimersByTime(10_000);
  expect(tap).toHaveBeenCalledTimes(2);
});
