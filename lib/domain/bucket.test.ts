import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BUCKETS } from '../config/topics.ts';
import { bucketOf } from './bucket.ts';
import { groupBy } from './group-by.ts';

test('the bucket of a room never changes, because stored keys depend on it', () => {
  // FNV-1a, whose value for "foobar" is published: 0xbf9cf968.
  expect(bucketOf('foobar', 2 ** 32)).toBe(0xbf9cf968);
  expect(['global', 'final', 'match-7', 'é', '日本', '🔥'].map((room) => bucketOf(room, BUCKETS))).toEqual([
    46, 55, 34, 4, 36, 55,
  ]);
});

test('every room id has a bucket', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 4096 }), (room, buckets) => {
      const bucket = bucketOf(room, buckets);
      expect(Number.isInteger(bucket) && bucket >= 0 && bucket < buckets).toBe(true);
    }),
  );
});

test('numbered room ids are spread evenly over the buckets', () => {
  const sizes = groupBy(Array(6400).keys(), (n) => bucketOf(`match-${n}`, BUCKETS));
  expect(sizes.size).toBe(BUCKETS);
  for (const { length } of sizes.values()) {
    expect(length).toBeGreaterThan(50);
    expect(length).toBeLessThan(200);
  }
});
