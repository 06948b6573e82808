import { expect, test } from '@jest/globals';
import { begin, FLIGHT_MS, LANES, locate, type Lane } from './flight.ts';
import { createPool } from './pool.ts';

const view = { width: 1000, height: 500, size: 40 };
const particle = (lane: Lane = 'full', x?: number) => {
  const taken = createPool(1).take(false);
  if (!taken) throw new Error('an empty pool');
  begin(taken, '🔥', { at: 0, lane, x });
  return taken;
};
const at = (each: ReturnType<typeof particle>, part: number) => {
  const place = { x: 0, y: 0, scale: 0, alpha: 0 };
  locate(each, each.flightMs * part, view, place);
  return place;
};

test('an emoji rises from the bottom, appears and fades', () => {
  const each = particle();
  const [start, middle, last] = [at(each, 0), at(each, 0.5), at(each, 1)];
  expect(start.y).toBeGreaterThan(450);
  expect(middle.y).toBeLessThan(start.y);
  expect(last.y).toBeLessThan(middle.y);
  expect([start.alpha, middle.alpha, last.alpha]).toEqual([0, 1, 0]);
  expect([start.scale, middle.scale]).toEqual([0, 1]);
});

test('lanes and given places decide where it begins', () => {
  for (const lane of ['left', 'right', 'full'] as const)
    for (let n = 0; n < 50; n++) {
      const { x } = particle(lane);
      expect(x).toBeGreaterThanOrEqual(LANES[lane][0]);
      expect(x).toBeLessThanOrEqual(LANES[lane][1]);
    }
  expect(particle('full', 0.2).x).toBe(0.2);
});

test('flights differ in length by an eighth at most', () => {
  const lengths = Array.from({ length: 100 }, () => particle().flightMs);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(FLIGHT_MS * 0.875);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(FLIGHT_MS * 1.125);
  expect(new Set(lengths).size).toBeGreaterThan(50);
});
