import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf, type Random } from '../support/random.ts';
import { redisCommandProxy, type Command } from '../support/redis-command-proxy.ts';
import type { FailoverForm } from '../support/redis-pair.ts';
import { until } from '../support/until.ts';
import { registerAgain, type Fault } from './fault.ts';
import { partOf } from './platform.ts';

const MAX_LAG_MS = 2000;

const atRandom = (name: string, form: FailoverForm): Fault => ({
  name: `Redis failover to a replica behind by 0–2 s: ${name}`,
  on: 'single',
  share: 12,
  async run(context) {
    const pair = partOf(context.platform, 'pair');
    pair.lag(between(context.random, 0, MAX_LAG_MS));
    await sleep(between(context.random, 0, 1.5 * MAX_LAG_MS));
    context.heals();
    await pair.failover(form);
    await registerAgain(context);
  },
});

/** Is this a call of the counting script? There is one call for each bucket of a batch. */
const isCountingScript = ({ name, args }: Command) =>
  name.startsWith('EVAL') && args.some((arg) => arg.endsWith('}:windows'));
/** Two batches with 64 buckets each. */
const SCRIPTS_OF_TWO_BATCHES = 128;

/** The numbers of the script calls at which the replica stops replicating, and at which it is promoted. */
const moments = (random: Random) => {
  const frozen = Math.ceil(between(random, 0, SCRIPTS_OF_TWO_BATCHES));
  return { frozen, promoted: frozen + Math.ceil(between(random, 0, SCRIPTS_OF_TWO_BATCHES)) };
};

/** The replica lacks the writes between two script calls of the same batch or of two batches. */
const duringBatch: Fault = {
  name: 'Redis failover between two steps of a batch',
  on: 'single',
  share: 14,
  async run(context) {
    const { platform, random, heals } = context;
    const pair = partOf(platform, 'pair');
    const form = oneOf(random, ['address moves', 'roles swap'] as const);
    const when = oneOf(random, ['before', 'after'] as const);
    const { frozen, promoted } = moments(random);
    const commands = await redisCommandProxy(pair.primary.port);
    try {
      let seen = 0;
      let failover: Promise<void> | undefined;
      commands[when](async (command) => {
        if (!isCountingScript(command)) return;
        seen++;
        if (seen === frozen) pair.freeze();
        if (seen !== promoted) return;
        heals();
        await (failover = pair.failover(form));
      });
      pair.entrance.moveTo(commands.port, 'cut');
      await until('Redis has failed over', () => failover !== undefined);
      await failover;
      await registerAgain(context);
    } finally {
      await commands.close();
    }
  },
};

export const failoverFaults: readonly Fault[] = [
  atRandom('its address moves', 'address moves'),
  atRandom('the two swap roles', 'roles swap'),
  duringBatch,
];
