import { expect, test } from '@jest/globals';
import { seeded } from '../support/random.ts';
import { FAULTS, planRounds, PLATFORMS } from './plan.ts';

const plan = (rounds: number, seed: number) => planRounds(FAULTS, rounds, seeded(seed));
const names = (rounds: number, seed: number) => plan(rounds, seed).map(({ fault }) => fault.name);
const countOf = (list: readonly string[], name: string) => list.filter((each) => each === name).length;

test('the same seed plans the same rounds, another one others', () => {
  expect(names(52, 1)).toEqual(names(52, 1));
  expect(names(52, 1)).not.toEqual(names(52, 2));
});

test.each([FAULTS.length, 52, 150])('%i rounds hold every fault, and are numbered', (rounds) => {
  const list = names(rounds, 3);
  for (const { name } of FAULTS) expect(countOf(list, name)).toBeGreaterThanOrEqual(1);
  expect(plan(rounds, 3).map(({ number }) => number)).toEqual(Array.from({ length: rounds }, (_, n) => n + 1));
});

test('rounds of a platform follow each other', () => {
  const kinds = plan(150, 3).map(({ fault }) => PLATFORMS.indexOf(fault.on));
  expect(kinds).toEqual([...kinds].sort((a, b) => a - b));
});

test('many rounds hold each fault by its share', () => {
  const list = names(10_000, 3);
  const shares = FAULTS.reduce((sum, { share }) => sum + share, 0);
  for (const { name, share } of FAULTS) {
    const difference = countOf(list, name) - (share / shares) * 10_000;
    expect(Math.abs(difference)).toBeLessThan(20);
  }
});

test('fewer rounds than faults are that many', () => {
  expect(names(3, 1)).toHaveLength(3);
});
