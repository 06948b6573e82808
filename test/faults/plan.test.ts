import { expect, test } from '@jest/globals';
import { seeded } from '../support/random.ts';
import { FAULTS, planRounds } from './plan.ts';

const names = (rounds: number, seed: number) => planRounds(FAULTS, rounds, seeded(seed)).map(({ name }) => name);
const countOf = (plan: readonly string[], name: string) => plan.filter((each) => each === name).length;

test('the same seed plans the same rounds, another one others', () => {
  expect(names(52, 1)).toEqual(names(52, 1));
  expect(names(52, 1)).not.toEqual(names(52, 2));
});

test.each([FAULTS.length, 18, 52, 200])('%i rounds hold every fault', (rounds) => {
  const plan = names(rounds, 3);
  expect(plan).toHaveLength(rounds);
  for (const { name } of FAULTS) expect(countOf(plan, name)).toBeGreaterThanOrEqual(1);
});

test('many rounds hold each fault by its share', () => {
  const plan = names(10_000, 3);
  const shares = FAULTS.reduce((sum, { share }) => sum + share, 0);
  for (const { name, share } of FAULTS) {
    const difference = countOf(plan, name) - (share / shares) * 10_000;
    expect(Math.abs(difference)).toBeLessThan(20);
  }
});

test('fewer rounds than faults are that many', () => {
  expect(names(3, 1)).toHaveLength(3);
});
