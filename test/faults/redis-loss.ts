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
 * Redis answers before its replica has what it answered for: after a failover the last second is missing. Here its
 * file is cut to the length that it had then, which is what a replica that lags by as much would hold.
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
