import { beforeEach, expect, test } from '@jest/globals';
import { steadyClock } from './steady-clock.ts';

const T = 1_760_000_000_000;
let elapsed: number;
let ahead: number;
let isSteady: () => boolean;
beforeEach(() => {
  elapsed = 0;
  ahead = 0;
  isSteady = steadyClock(
    () => T + elapsed + ahead,
    () => elapsed,
  );
});
const after = (ms: number) => {
  elapsed += ms;
  return isSteady();
};

test('a clock is trusted until it is stepped, in either direction', () => {
  expect(after(0)).toBe(true);
  expect(after(1000)).toBe(true);
  ahead = 1_800_000;
  expect(after(1000)).toBe(false);
  expect(after(61_000)).toBe(true);
  ahead = 0;
  expect(after(1000)).toBe(false);
});

test('a stepped clock is trusted again after a minute without another step', () => {
  isSteady();
  ahead = -1_800_000;
  expect(after(1000)).toBe(false);
  expect(after(59_000)).toBe(false);
  expect(after(1000)).toBe(true);
});

test('a drift of a second is no step', () => {
  isSteady();
  for (let n = 0; n < 10; n++) {
    ahead += 1000;
    expect(after(60_000)).toBe(true);
  }
});
