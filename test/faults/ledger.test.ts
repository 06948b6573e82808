import { expect, test } from '@jest/globals';
import type { SentTap } from '../e2e/crowd.ts';
import { compareRoom, countsOf } from './ledger.ts';

const WINDOW_MS = 2000;
const taps = (count: number, status: number | undefined, at = 0, emoji = '🔥'): SentTap[] =>
  Array.from({ length: count }, (_, n) => ({
    user_id: 'u',
    event_id: `${n}`,
    room: 'r',
    emoji,
    at,
    status,
    latencyMs: 1,
  }));
const room = (counts: Record<number, number>, late = 0, total?: number) => ({
  windows: Object.entries(counts).map(([start, taps]) => ({
    room: 'r',
    start: Number(start),
    final: false,
    counts: new Map([['🔥', taps]]),
  })),
  totals: new Map([['🔥', total ?? Object.values(counts).reduce((a, b) => a + b, 0)]]),
  late,
});
const compare = (sent: SentTap[], found: ReturnType<typeof room>, viewers = [countsOf(found)]) =>
  compareRoom(sent, found, viewers, WINDOW_MS);
const exact = { lost: 0, doubled: 0, disagreeing: 0 };

test('every tap counted once in its window is exact', () => {
  const sent = [...taps(3, 200, 1999), ...taps(2, 200, 2000)];
  expect(compare(sent, room({ 0: 3, 2000: 2 }))).toEqual({
    taps: 5,
    answered: 5,
    failed: 0,
    failedCounted: 0,
    ...exact,
  });
});

test('one answered with an error, or without an answer, may be counted or not, and is told apart', () => {
  const sent = [...taps(3, 200), ...taps(2, 503), ...taps(1, 0), ...taps(1, undefined)];
  expect(compare(sent, room({ 0: 5 }))).toMatchObject({ answered: 3, failed: 4, failedCounted: 2, ...exact });
  expect(compare(sent, room({ 0: 3 }))).toMatchObject({ failedCounted: 0, ...exact });
});

test('what is missing is lost, unless it was late', () => {
  expect(compare(taps(3, 200), room({ 0: 1 }))).toMatchObject({ lost: 2, doubled: 0 });
  expect(compare(taps(3, 200), room({ 0: 1 }, 2))).toMatchObject(exact);
  expect(compare(taps(3, 200), room({ 0: 1 }, 3))).toMatchObject({ lost: 0, doubled: 1 });
});

test('what is counted more often than it was tapped is doubled', () => {
  expect(compare([...taps(3, 200), ...taps(1, 503)], room({ 0: 6 }))).toMatchObject({ lost: 0, doubled: 2 });
  expect(compare(taps(3, 200), room({ 0: 3 }, 1))).toMatchObject({ doubled: 1 });
});

test('a tap in the wrong window is lost in one and doubled in the other', () => {
  expect(compare(taps(2, 200), room({ 0: 1, 2000: 1 }))).toMatchObject({ lost: 1, doubled: 1 });
});

test('a viewer that was told another count, and totals that are not the sum of the windows, disagree', () => {
  const found = room({ 0: 3, 2000: 1 });
  const sent = [...taps(3, 200), ...taps(1, 200, 2000)];
  const behind = new Map([['0 🔥', 3]]);
  expect(compare(sent, found, [countsOf(found), behind])).toMatchObject({ lost: 0, disagreeing: 1 });
  expect(compare(sent, room({ 0: 3, 2000: 1 }, 0, 5), [])).toMatchObject({ disagreeing: 1 });
});
