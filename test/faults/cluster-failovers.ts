import { setTimeout as sleep } from 'node:timers/promises';
import { between, type Random } from '../support/random.ts';
import { registerAgain, type Fault } from './fault.ts';
import { partOf } from './platform.ts';

const MAX_LAG_MS = 2000;

const shards = (name: string, pick: (random: Random) => readonly number[]): Fault => ({
  name: `Redis Cluster: ${name}, replicas behind by 0–2 s`,
  on: 'cluster',
  share: 8,
  async run(context) {
    const { platform, random, heals } = context;
    const cluster = partOf(platform, 'cluster');
    const failing = pick(random);
    cluster.lag(between(random, 0, MAX_LAG_MS));
    await sleep(between(random, 0, 1.5 * MAX_LAG_MS));
    heals();
    await cluster.failover(failing);
    cluster.thaw();
    await registerAgain(context);
  },
});

export const clusterFaults: readonly Fault[] = [
  shards('one shard fails over', (random) => [Math.floor(random() * 3)]),
  shards('two shards fail over together', (random) => {
    const spared = Math.floor(random() * 3);
    return [0, 1, 2].filter((n) => n !== spared);
  }),
  shards('all shards fail over together', () => [0, 1, 2]),
];
