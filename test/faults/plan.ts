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

/** So many rounds, every fault in them by its share and once at least, those of a kind spread over the whole run. */
export const planRounds = (faults: readonly Fault[], rounds: number, random: Random): Fault[] => {
  const shares = faults.reduce((sum, { share }) => sum + share, 0);
  const counts = faults.map(({ share }) => Math.max(1, Math.floor((share / shares) * rounds)));
  const left = () => rounds - counts.reduce((sum, count) => sum + count, 0);
  // What rounding has left over goes to where the most is missing.
  while (left() > 0) {
    const missing = faults.map(({ share }, n) => (share / shares) * rounds - (counts[n] ?? 0));
    const most = missing.indexOf(Math.max(...missing));
    counts[most] = (counts[most] ?? 0) + 1;
  }
  return faults
    .flatMap((fault, n) => {
      const count = counts[n] ?? 0;
      return Array.from({ length: count }, (_, k) => ({ fault, at: (k + random()) / count }));
    })
    .sort((a, b) => a.at - b.at)
    .slice(0, rounds)
    .map(({ fault }) => fault);
};
