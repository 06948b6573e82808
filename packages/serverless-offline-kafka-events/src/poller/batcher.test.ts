import { describe, expect, test } from '@jest/globals';
import { NO_RECORD } from '../../test/records.ts';
import { Batcher } from './batcher.ts';
import { PartitionBuffer } from './partition-buffer.ts';

const batcher = (windowMs: number): Batcher =>
  new Batcher({ batchSize: 10, windowMs, payloadBytes: 1_000, partitionBytes: () => 10 });

const buffers = (...sizes: readonly number[][]): PartitionBuffer[] =>
  sizes.map((list, partition) => {
    const buffer = new PartitionBuffer(partition);
    list.forEach((size, offset) => buffer.push({ ...NO_RECORD, partition, offset }, size));
    return buffer;
  });

const EMPTY = buffers([]);
const ONE = buffers([1]);

describe('the batching window', () => {
  test('K-18 starts when the previous invocation completes', () => {
    const it = batcher(100);
    it.take(ONE);
    it.invocationCompleted(1_000);
    expect(it.decide(1_040, buffers([1]))).toEqual({ close: false, waitMs: 60 });
    expect(it.decide(1_100, buffers([1]))).toEqual({ close: true });
  });

  test('K-18 ends unused when no record arrives: the first record after it waits for a whole window', () => {
    const it = batcher(100);
    it.take(ONE);
    it.invocationCompleted(1_000);
    // Nothing is there, so nobody asks again before a record arrives.
    expect(it.decide(1_000, EMPTY)).toEqual({ close: false, waitMs: Infinity });
    expect(it.decide(9_000, buffers([1]))).toEqual({ close: false, waitMs: 100 });
    expect(it.decide(9_100, buffers([1]))).toEqual({ close: true });
  });

  test('K-18 is not extended by a record that arrives in it', () => {
    const it = batcher(100);
    it.take(ONE);
    it.invocationCompleted(1_000);
    it.decide(1_000, EMPTY);
    expect(it.decide(1_099, buffers([1]))).toEqual({ close: false, waitMs: 1 });
  });

  test('K-18 is not restarted by a retry', () => {
    const it = batcher(100);
    expect(it.decide(1_000, buffers([1]))).toEqual({ close: false, waitMs: 100 });
    it.invocationCompleted(1_090);
    expect(it.decide(1_100, buffers([1]))).toEqual({ close: true });
  });

  test('K-19 of 0 closes with the first record', () => {
    const it = batcher(0);
    expect(it.decide(0, EMPTY)).toEqual({ close: false, waitMs: Infinity });
    expect(it.decide(5, buffers([1]))).toEqual({ close: true });
  });
});

describe('a batch', () => {
  test('K-14 K-17 closes at its size in records or in bytes', () => {
    const nine = Array.from({ length: 9 }, () => 1);
    expect(batcher(100).decide(0, buffers(nine))).toMatchObject({ close: false });
    expect(batcher(100).decide(0, buffers(nine, [1]))).toEqual({ close: true });
    expect(batcher(100).decide(0, buffers([400], [600]))).toEqual({ close: true });
  });

  test('K-17 takes what fits, partition names included', () => {
    const taken = batcher(0).take(buffers([500, 480, 100], [10]));
    expect([...taken].map(([partition, records]) => [partition, records.length])).toEqual([[0, 2]]);
  });

  test('K-53 holds only one record when that fits no payload', () => {
    const waiting = buffers([2_000, 1]);
    const it = batcher(0);
    expect(it.take(waiting).get(0)).toHaveLength(1);
    expect(it.take(waiting).get(0)).toHaveLength(1);
  });

  test('starts with another partition each time', () => {
    const full = Array.from({ length: 20 }, () => 1);
    const waiting = buffers(full, full, full);
    const it = batcher(0);
    const firsts = [1, 2, 3].map(() => [...it.take(waiting).keys()][0]);
    expect(firsts).toEqual([0, 1, 2]);
  });
});
