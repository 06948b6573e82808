import { describe, expect, test } from '@jest/globals';
import { Batcher } from './batcher.ts';
import { PartitionTable } from './partition-table.ts';
import { Poller } from './poller.ts';
import { PollerPool } from './poller-pool.ts';
import { RetryQueue } from './retry-queue.ts';

/** A pool of pollers without records, which counts the pollers that it creates. */
const idlePool = () => {
  const table = new PartitionTable(() => 1);
  const retries = new RetryQueue(table);
  let created = 0;
  const pool = new PollerPool((isAssigned) => {
    created += 1;
    const batcher = new Batcher({ batchSize: 1, windowMs: 0, payloadBytes: 1, partitionBytes: () => 0 });
    return new Poller({
      table,
      retries,
      batcher,
      isAssigned,
      deliver: () => Promise.resolve(),
      taken: () => undefined,
      now: () => 0,
    });
  });
  return { pool, created: () => created };
};

describe('the pollers of a mapping', () => {
  test('K-22 divide the partitions: each partition belongs to one poller, for any number of pollers', () => {
    const assignments: ((partitionIndex: number) => boolean)[] = [];
    const pool = new PollerPool((isAssigned) => {
      assignments.push(isAssigned);
      return { run: () => Promise.resolve(), stop: () => undefined, wake: () => undefined } as Poller;
    });
    for (const size of [1, 3, 2]) {
      pool.resize(size);
      for (let index = 0; index < 10; index++) {
        expect(assignments.slice(0, size).filter((isAssigned) => isAssigned(index))).toHaveLength(1);
      }
    }
  });

  test('are not started any more after the pool was stopped, even if a rebalance ends while it drains', async () => {
    const { pool, created } = idlePool();
    pool.resize(1);
    await pool.stop();
    pool.resize(3);
    expect(created()).toBe(1);
  });
});
