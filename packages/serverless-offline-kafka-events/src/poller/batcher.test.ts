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

  test('K-18 expires if no record arrives: the next record starts a new window', () => {
    const it = batcher(100);
    it.take(ONE);
    it.invocationCompleted(1_000);
    // The buffers are empty, so the next decision is made when a record arrives.
    expect(it.decide(1_000, EMPTY)).toEqual({ close: false, waitMs: Infinity });
    expect(it.decide(9_000, buffers([1]))).toEqual({ close: false, waitMs: 100 });
    expect(it.decide(9_100, buffers([1]))).toEqual({ close: true });
  });

  test('K-18 is not extended when a record arrives', () => {
    const it = batcher(100);
    it.take(ONE);
    it.invocationCompleted(1_000);
    it.decide(1_000, EMPTY);
    expect(it.decide(1_099, buffers([1]))).toEqual({ close: false, waitMs: 1 });
  });

  test('K-18 is not restarted when a retry completes', () => {
    const it = batcher(100);
    expect(it.decide(1_000, buffers([1]))).toEqual({ close: false, waitMs: 100 });
    it.invocationCompleted(1_090);
    expect(it.decide(1_100, buffers([1]))).toEqual({ close: true });
  });

  test('K-19 with a length of 0 closes a batch as soon as there is a record', () => {
    const it = batcher(0);
    expect(it.decide(0, EMPTY)).toEqual({ close: false, waitMs: Infinity });
    expect(it.decide(5, buffers([1]))).toEqual({ close: true });
  });
});

describe('a batch', () => {
  test('K-14 K-17 closes when it reaches BatchSize or the payload limit', () => {
    const nine = Array.from({ length: 9 }, () => 1);
    expect(batcher(100).decide(0, buffers(nine))).toMatchObject({ close: false });
    expect(batcher(100).decide(0, buffers(nine, [1]))).toEqual({ close: true });
    expect(batcher(100).decide(0, buffers([400], [600]))).toEqual({ close: true });
  });

  test('K-17 has only as many records as fit into the payload together with the partition names', () => {
    const taken = batcher(0).take(buffers([500, 480, 100], [10]));
    expect([...taken].map(([partition, records]) => [partition, records.length])).toEqual([[0, 2]]);
  });

  test('K-53 has only one record if that record exceeds the payload limit', () => {
    const waiting = buffers([2_000, 1]);
    const it = batcher(0);
    expect(it.take(waiting).get(0)).toHaveLength(1);
    expect(it.take(waiting).get(0)).toHaveLength(1);
  });

  test('starts with another partition than the batch before', () => {
    const full = Array.from({ length: 20 }, () => 1);
    const waiting = buffers(full, full, full);
    const it = batcher(0);
    const firsts = [1, 2, 3].map(() => [...it.take(waiting).keys()][0]);
    expect(firsts).toEqual([0, 1, 2]);
  });
});
