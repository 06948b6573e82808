import { statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { between } from '../support/random.ts';
import type { Fault, FaultContext } from './fault.ts';

/** Who watches registers again every now and then, and so is known again to a Redis that has forgotten him. */
const registerAgain = ({ viewers }: FaultContext) =>
  Promise.all(
    viewers.map((viewer) =>
      until(`${viewer.id} is registered again`, () =>
        viewer.register().then(
          () => true,
          () => false,
        ),
      ),
    ),
  );

const emptied: Fault = {
  name: 'Redis emptied (FLUSHALL)',
  share: 7,
  async run(context) {
    await context.platform.redisClient.flushall();
    context.heals();
    await registerAgain(context);
  },
};

/**
 * Redis answers before its replica has what it answered for: after a failover the last second is missing. Here its
 * file is cut to the length that it had then, which is what a replica that lags by as much would hold.
 */
const lostSecond: Fault = {
  name: 'Redis failover that lost the last second',
  share: 8,
  async run(context) {
    const { platform, random, heals } = context;
    const { size } = statSync(platform.appendOnlyFile);
    await sleep(between(random, 900, 1500));
    await platform.redis.kill('SIGKILL');
    truncateSync(platform.appendOnlyFile, size);
    await sleep(between(random, 0, 1000));
    heals();
    await platform.redis.start();
    await registerAgain(context);
  },
};

export const redisLossFaults: readonly Fault[] = [emptied, lostSecond];
