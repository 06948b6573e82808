import { statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../support/random.ts';
import { registerAgain, type Fault } from './fault.ts';
import { partOf } from './platform.ts';

const emptied: Fault = {
  name: 'Redis emptied (FLUSHALL)',
  on: 'single',
  share: 7,
  async run(context) {
    await context.platform.redis.flushall();
    context.heals();
    await registerAgain(context);
  },
};

/**
 * Redis answers before its replica has the write: after a failover the writes of the last second are missing. Here the
 * append-only file is truncated to its length of a second ago: that is what a replica with this lag would have.
 */
const lostSecond: Fault = {
  name: 'Redis killed and its last second lost',
  on: 'single',
  share: 6,
  async run(context) {
    const { platform, random, heals } = context;
    const file = partOf(platform, 'appendOnlyFile');
    const redis = partOf(platform, 'redisServer');
    const { size } = statSync(file);
    await sleep(between(random, 900, 1500));
    await redis.kill('SIGKILL');
    truncateSync(file, size);
    await sleep(between(random, 0, 1000));
    heals();
    await redis.start();
    await registerAgain(context);
  },
};

export const redisLossFaults: readonly Fault[] = [emptied, lostSecond];
