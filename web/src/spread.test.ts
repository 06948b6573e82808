import { expect, test } from '@jest/globals';
import { createSpreader, emojisFor } from './spread.ts';

const counts = (added: Record<string, number>, own = false) => ({ added, ratio: 1000, windowMs: 2000, own });

test('each tap of a small crowd is seen, and more taps are never fewer emojis', () => {
  expect([0, 1, 3, 6].map((taps) => emojisFor(taps, 1000))).toEqual([0, 1, 3, 6]);
  const shown = Array.from({ length: 3000 }, (_, n) => emojisFor(n * 50, 1000));
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
});

test('the scaled count decides for a large crowd', () => {
  expect(emojisFor(100_000, 1000)).toBe(100);
  expect(emojisFor(100_000, 1000, 0.5)).toBe(50);
  expect(emojisFor(1, 1000, 0.1)).toBe(1);
});

test('an own tap floats at once, and takes nothing from the crowd', () => {
  const spread = createSpreader({ capacity: () => 200, flightMs: 4000 });
  expect(spread(counts({ '🔥': 1 }, true), 0)).toEqual([{ emoji: '🔥', delay: 0, own: true }]);
  expect(spread(counts({ '👏': 3 }), 1)).toHaveLength(3);
});

test('emojis are spread over the window: a steady crowd makes no waves', () => {
  const spread = createSpreader({ capacity: () => 200, flightMs: 4000 });
  const begins: number[] = [];
  for (let now = 0; now < 60_000; now += 1000)
    for (const { delay } of spread(counts({ '🔥': 400, '❤️': 100 }), now)) begins.push(now + delay);
  const QUARTER_MS = 250;
  const quarters = Array.from({ length: 200 }, (_, n) => 5000 + n * QUARTER_MS).map(
    (from) => begins.filter((begin) => begin >= from && begin < from + QUARTER_MS).length,
  );
  const mean = quarters.reduce((sum, n) => sum + n, 0) / quarters.length;
  expect(mean).toBeGreaterThan(4);
  expect(Math.min(...quarters)).toBeGreaterThan(mean * 0.4);
  expect(Math.max(...quarters)).toBeLessThan(mean * 1.7);
});

test('a huge crowd never needs more emojis at once than there are, and each emoji is seen', () => {
  const flightMs = 4000;
  const spread = createSpreader({ capacity: () => 200, flightMs });
  const begins: number[] = [];
  for (let now = 0; now < 30_000; now += 1000) {
    const launches = spread(counts({ '🔥': 9_000_000, '❤️': 20_000, '👏': 1 }), now);
    expect(new Set(launches.map(({ emoji }) => emoji)).size).toBe(3);
    begins.push(...launches.map(({ delay }) => now + delay));
  }
  for (let now = 6000; now < 30_000; now += 500)
    expect(begins.filter((begin) => begin <= now && begin > now - flightMs).length).toBeLessThanOrEqual(215);
});
