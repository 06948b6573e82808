import { expect, test } from '@jest/globals';
import { NOTHING } from './ledger.ts';
import { commandFor, report, wrongRounds } from './report.ts';

const row = (fault: string, recoveryMs: number, lost = 0) => ({
  ...NOTHING,
  fault,
  taps: 1500,
  answered: 1400,
  failed: 100,
  failedCounted: 7,
  lost,
  recoveryMs,
});

test('the report has one row per fault with the sums of its rounds, and one row for all', () => {
  const rows = [row('a', 1000), row('b', 500, 2), row('a', 9000), row('a', 2000)];
  const text = report(
    rows,
    { ...NOTHING, taps: 6000, answered: 6000, doubled: 3 },
    {
      plan: { seed: 42, rounds: 4, only: '' },
      when: new Date('2026-05-01T20:45:00Z'),
      minutes: 12.34,
      skipped: ['c: no disk'],
    },
  );
  expect(text).toContain('4 rounds in 12.3 minutes on 2026-05-01, seed 42');
  expect(text).toContain('`npm run test:faults -- --seed 42 --rounds 4`');
  expect(text).toContain('| a | 3 | 4,500 | 4,200 | 300 | 21 | 0 | 0 | 0 | 2.0 / 9.0 |');
  expect(text).toContain('| b | 1 | 1,500 | 1,400 | 100 | 7 | 2 | 0 | 0 | 0.5 / 0.5 |');
  expect(text).toContain('| **all** | 4 | 6,000 | 5,600 | 400 | 28 | 2 | 0 | 0 |');
  expect(text).toContain('| **all, once more at the end** | 4 | 6,000 | 6,000 | 0 | 0 | 0 | 3 | 0 |');
  expect(text).toContain('Not tried: c: no disk.');
});

test('a command names the seed and the number of rounds, which plan a run together', () => {
  expect(commandFor({ seed: 42, rounds: 150, only: '' })).toBe('npm run test:faults -- --seed 42 --rounds 150');
  expect(commandFor({ seed: 42, rounds: 9, only: 'a b' }, 3)).toBe(
    "npm run test:faults -- --seed 42 --rounds 9 --only 'a b' --round 3",
  );
});

test('a wrong round is listed with its seed, fault, room, window, emoji, and the expected and found counts', () => {
  const start = Date.parse('2026-05-01T20:45:00Z');
  const difference = { where: 'Redis', room: 'f3-0', what: `${start} 🔥`, expected: 4, found: 3 } as const;
  const command = 'npm run test:faults -- --seed 42 --rounds 9 --round 3';
  const text = wrongRounds(
    [
      { command, fault: 'a', differences: [difference] },
      { command: 'again', fault: 'b', differences: [], error: 'not within 5 ms' },
    ],
    42,
  );
  expect(text.split('\n')).toEqual([
    'seed 42: a',
    '  Redis: room f3-0, 2026-05-01T20:45:00.000Z 🔥: expected 4, found 3',
    `  again: ${command}`,
    'seed 42: b',
    '  not finished: not within 5 ms',
    '  again: again',
  ]);
});
