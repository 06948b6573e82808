import { describe, expect, test } from '@jest/globals';
import { nextPollerCount } from './scaling.ts';

const ON_DEMAND = { minimum: 1, maximum: 200 };
const at = (lag: number, partitions = 8) => ({ lag, batchSize: 100, partitions });

describe('pollers', () => {
  test('K-65 are added when the lag is high: at most twice as many as before, and one per partition', () => {
    expect(nextPollerCount(1, ON_DEMAND, at(0))).toBe(1);
    expect(nextPollerCount(1, ON_DEMAND, at(200))).toBe(1);
    expect(nextPollerCount(1, ON_DEMAND, at(100_000))).toBe(2);
    expect(nextPollerCount(2, ON_DEMAND, at(100_000))).toBe(4);
    expect(nextPollerCount(8, ON_DEMAND, at(100_000))).toBe(8);
    expect(nextPollerCount(4, ON_DEMAND, at(100_000, 5))).toBe(5);
  });

  test('K-65 are removed one by one when there is no lag', () => {
    expect(nextPollerCount(4, ON_DEMAND, at(0))).toBe(3);
    expect(nextPollerCount(1, ON_DEMAND, at(0))).toBe(1);
  });

  test('K-66 stay within the provisioned minimum and maximum, and never exceed the number of partitions', () => {
    expect(nextPollerCount(3, { minimum: 3, maximum: 6 }, at(0))).toBe(3);
    expect(nextPollerCount(6, { minimum: 3, maximum: 6 }, at(100_000))).toBe(6);
    expect(nextPollerCount(1, { minimum: 20, maximum: 200 }, at(0))).toBe(8);
    expect(nextPollerCount(2, { minimum: 2, maximum: 200 }, at(0, 0))).toBe(1);
  });
});
