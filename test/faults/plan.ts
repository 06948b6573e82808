import type { Random } from '../support/random.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network.ts';
import { rebalance } from './rebalance.ts';
import { redisLossFaults } from './redis-loss.ts';
import { serviceFaults } from './services.ts';
import { viewerFaults } from './viewers.ts';

export const FAULTS: readonly Fault[] = [
  ...serviceFaults,
  ...redisLossFaults,
  rebalance,
  ...networkFaults,
  ...viewerFaults,
];

/** How many rounds of each fault: one at least, the others one by one to whoever is furthest behind his share. */
const countRounds = (faults: readonly Fault[], rounds: number): number[] => {
  const counts = faults.map((_, n): number => (n < rounds ? 1 : 0));
  for (let left = rounds - faults.length; left > 0; left--) {
    const served = faults.map(({ share }, n) => (counts[n] ?? 0) / share);
    const behind = served.indexOf(Math.min(...served));
    counts[behind] = (counts[behind] ?? 0) + 1;
  }
  return counts;
};

/** So many rounds, those of a kind spread over the whole run. */
export const planRounds = (faults: readonly Fault[], rounds: number, random: Random): Fault[] => {
  const counts = countRounds(faults, rounds);
  return faults
    .flatMap((fault, n) => {
      const count = counts[n] ?? 0;
      return Array.from({ length: count }, (_, k) => ({ fault, at: (k + random()) / count }));
    })
    .sort((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
};
