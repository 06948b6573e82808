import { describe, expect, test } from '@jest/globals';
import { Batcher } from './batcher.ts';
import { PartitionTable } from './partition-table.ts';
import { Poller } from './poller.ts';
import { PollerPool } from './poller-pool.ts';
import { RetryQueue } from './retry-queue.ts';

/** Counts the pollers that were made; none has anything to do. */
const idlePool = () => {
  const table = new PartitionTable(() => 1);
  const retries = new RetryQueue(table);
  let made = 0;
  const pool = new PollerPool((mine) => {
    made += 1;
    const batcher = new Batcher({ batchSize: 1, windowMs: 0, payloadBytes: 1, partitionBytes: () => 0 });
    return new Poller({
      table,
      retries,
      batcher,
      mine,
      deliver: () => Promise.resolve(),
      taken: () => undefined,
      now: () => 0,
    });
  });
  return { pool, made: () => made };
};

describe('the pollers of a mapping', () => {
  test('K-22 divide the partitions: each has one poller, however many there are', () => {
    const shares: ((rank: number) => boolean)[] = [];
    const watched = new PollerPool((mine) => {
      shares.push(mine);
      return { run: () => Promise.resolve(), stop: () => undefined, wake: () => undefined } as Poller;
    });
    for (const size of [1, 3, 2]) {
      watched.resize(size);
      for (let rank = 0; rank < 10; rank++) {
        expect(shares.slice(0, size).filter((mine) => mine(rank))).toHaveLength(1);
      }
    }
  });

  test('a stopped pool starts no poller when a rebalance ends while it drains', async () => {
    const { pool, made } = idlePool();
    pool.resize(1);
    await pool.stop();
    pool.resize(3);
    expect(made()).toBe(1);
  });
});
