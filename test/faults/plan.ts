import type { Random } from '../support/random.ts';
import { brokersFaults } from './brokers.ts';
import { clockFaults } from './clocks.ts';
import { clusterFaults } from './cluster-failovers.ts';
import { eviction } from './eviction.ts';
import type { Fault, PlatformKind } from './fault.ts';
import { failoverFaults } from './failovers.ts';
import { networkFaults } from './network.ts';
import { overload } from './overload.ts';
import { partitionAdded } from './partitions.ts';
import { rebalance } from './rebalance.ts';
import { redisLossFaults } from './redis-loss.ts';
import { serviceFaults } from './services.ts';
import { viewerFaults } from './viewers.ts';

export const FAULTS: readonly Fault[] = [
  ...serviceFaults,
  ...redisLossFaults,
  ...failoverFaults,
  rebalance,
  ...networkFaults,
  ...viewerFaults,
  ...clockFaults,
  eviction,
  overload,
  partitionAdded,
  ...clusterFaults,
  ...brokersFaults,
];

/** The platforms in the order of the plan. Their rounds are not mixed, since a platform takes some time to start. */
export const PLATFORMS: readonly PlatformKind[] = ['single', 'cluster', 'brokers'];

/** How many rounds each fault gets: at least one; each further round goes to the fault furthest below its share. */
const countRounds = (faults: readonly Fault[], rounds: number): number[] => {
  const counts = faults.map((_, n): number => (n < rounds ? 1 : 0));
  for (let left = rounds - faults.length; left > 0; left--) {
    const served = faults.map(({ share }, n) => (counts[n] ?? 0) / share);
    const behind = served.indexOf(Math.min(...served));
    counts[behind] = (counts[behind] ?? 0) + 1;
  }
  return counts;
};

export interface PlannedRound {
  /** From 1. */
  number: number;
  fault: Fault;
}

/** Plans the rounds, ordered by platform; the rounds of each fault are spread over those of its platform. */
export const planRounds = (faults: readonly Fault[], rounds: number, random: Random): PlannedRound[] => {
  const counts = countRounds(faults, rounds);
  return faults
    .flatMap((fault, n) => {
      const count = counts[n] ?? 0;
      const platform = PLATFORMS.indexOf(fault.on);
      return Array.from({ length: count }, (_, k) => ({ fault, at: platform + (k + random()) / count }));
    })
    .sort((a, b) => a.at - b.at)
    .map(({ fault }, n) => ({ number: n + 1, fault }));
};
