import { expect, test } from '@jest/globals';
import { seeded } from '../support/random.ts';
import { FAULTS, planRounds, PLATFORMS } from './plan.ts';

const plan = (rounds: number, seed: number) => planRounds(FAULTS, rounds, seeded(seed));
const names = (rounds: number, seed: number) => plan(rounds, seed).map(({ fault }) => fault.name);
const countOf = (list: readonly string[], name: string) => list.filter((each) => each === name).length;

test('the same seed gives the same plan, another seed another plan', () => {
  expect(names(52, 1)).toEqual(names(52, 1));
  expect(names(52, 1)).not.toEqual(names(52, 2));
});

test.each([FAULTS.length, 52, 150])('a plan of %i rounds contains every fault and numbers the rounds', (rounds) => {
  const list = names(rounds, 3);
  for (const { name } of FAULTS) expect(countOf(list, name)).toBeGreaterThanOrEqual(1);
  expect(plan(rounds, 3).map(({ number }) => number)).toEqual(Array.from({ length: rounds }, (_, n) => n + 1));
});

test('the rounds are ordered by platform', () => {
  const kinds = plan(150, 3).map(({ fault }) => PLATFORMS.indexOf(fault.on));
  expect(kinds).toEqual([...kinds].sort((a, b) => a - b));
});

test('a plan of many rounds contains each fault in proportion to its share', () => {
  const list = names(10_000, 3);
  const shares = FAULTS.reduce((sum, { share }) => sum + share, 0);
  for (const { name, share } of FAULTS) {
    const difference = countOf(list, name) - (share / shares) * 10_000;
    expect(Math.abs(difference)).toBeLessThan(20);
  }
});

test('a plan with fewer rounds than faults has exactly that many rounds', () => {
  expect(names(3, 1)).toHaveLength(3);
});
