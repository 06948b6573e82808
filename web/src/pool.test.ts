import { expect, test } from '@jest/globals';
import { createPool, type Pool } from './pool.ts';

const add = (pool: Pool, begin: number, flightMs: number, mustShow = false) => {
  const particle = pool.take(mustShow);
  return particle && Object.assign(particle, { emoji: `${begin}`, begin, flightMs });
};
const drawn = (pool: Pool, now: number) => {
  const seen: string[] = [];
  pool.each(now, ({ emoji }) => seen.push(emoji));
  return seen;
};

test('a particle is drawn from its begin to its end', () => {
  const pool = createPool(3);
  add(pool, 0, 100);
  add(pool, 50, 100);
  expect([drawn(pool, 10), drawn(pool, 60), drawn(pool, 120), drawn(pool, 150)]).toEqual([
    ['0'],
    ['0', '50'],
    ['50'],
    [],
  ]);
  expect(pool.count).toBe(0);
});

test('objects are used again, never more than the capacity', () => {
  const pool = createPool(2);
  const seen = new Set<unknown>();
  for (let now = 0; now < 1000; now += 10) {
    seen.add(add(pool, now, 25));
    pool.each(now, (particle) => seen.add(particle));
  }
  seen.delete(undefined);
  expect(seen.size).toBe(2);
});

test('a full pool lends nothing, except what must be shown: that replaces the one that ends first', () => {
  const pool = createPool(2);
  add(pool, 20, 100);
  add(pool, 10, 100);
  expect(add(pool, 30, 100)).toBeUndefined();
  expect(add(pool, 30, 100, true)).toBeDefined();
  expect(drawn(pool, 40)).toEqual(['20', '30']);
  pool.clear();
  expect(drawn(pool, 40)).toEqual([]);
});
