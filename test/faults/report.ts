import { availableParallelism } from 'node:os';
import { groupBy } from '../../lib/domain/group-by.ts';
import { add, NOTHING, type Difference, type Sums } from './ledger.ts';

export interface Row extends Sums {
  fault: string;
  recoveryMs: number;
}

/** A round with differences, or one that did not finish. */
export interface WrongRound {
  /** The command that runs it again. */
  command: string;
  fault: string;
  differences: readonly Difference[];
  /** Why the round did not finish, if it did not. */
  error?: string;
}

/** The options that determine the rounds: with another number of rounds, the same seed plans others. */
export interface PlanOptions {
  seed: number;
  rounds: number;
  only: string;
}

/** The command that repeats a run, or one round of it. */
export const commandFor = ({ seed, rounds, only }: PlanOptions, round?: number): string =>
  [
    `npm run test:faults -- --seed ${seed} --rounds ${rounds}`,
    ...(only ? [`--only '${only}'`] : []),
    ...(round === undefined ? [] : [`--round ${round}`]),
  ].join(' ');

const thousands = (number: number) => number.toLocaleString('en-US');
const seconds = (ms: number) => (ms / 1000).toFixed(1);
const median = (sorted: readonly number[]) => sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;

const cells = (name: string, rounds: number, sums: Sums, recovery: string) => [
  name,
  thousands(rounds),
  thousands(sums.taps),
  thousands(sums.answered),
  thousands(sums.failed),
  thousands(sums.failedCounted),
  thousands(sums.lost),
  thousands(sums.doubled),
  thousands(sums.mismatches),
  recovery,
];

const HEADER = [
  'fault',
  'rounds',
  'taps',
  'answered 200',
  'answered with an error',
  'of those counted',
  'lost',
  'doubled',
  'mismatches',
  'recovery p50 / max (s)',
];

/**
 * The measured part of docs/reliability.md, in Markdown.
 * @param after the sums of the rooms of all rounds, compared once more at the end of the run
 */
export const report = (
  rows: readonly Row[],
  after: Sums,
  { plan, when, minutes, skipped }: { plan: PlanOptions; when: Date; minutes: number; skipped: readonly string[] },
): string => {
  const byFault = groupBy(rows, ({ fault }) => fault);
  const lines = [...byFault].map(([fault, rounds]) => {
    const recoveries = rounds.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
    const recovery = `${seconds(median(recoveries))} / ${seconds(recoveries.at(-1) ?? 0)}`;
    return cells(fault, rounds.length, rounds.reduce(add, NOTHING), recovery);
  });
  const all = cells('**all**', rows.length, rows.reduce(add, NOTHING), '');
  const last = cells('**all, once more at the end**', rows.length, after, '');
  const table = [HEADER, HEADER.map(() => '---'), ...lines, all, last].map((line) => `| ${line.join(' | ')} |`);
  const run =
    `${rows.length} rounds in ${minutes.toFixed(1)} minutes on ${when.toISOString().slice(0, 10)}, seed ${plan.seed}, ` +
    `${availableParallelism()} cores, Node.js ${process.version}: \`${commandFor(plan)}\`.`;
  return [run, '', ...table, ...skipped.map((reason) => `\nNot tried: ${reason}.`)].join('\n');
};

const readable = (what: string): string => {
  const [start = '', emoji] = what.split(' ');
  return emoji !== undefined && /^\d+$/.test(start) ? `${new Date(Number(start)).toISOString()} ${emoji}` : what;
};

/** How many differences of a round are printed. */
const MAX_DIFFERENCES = 50;

/** Lists every wrong round with its differences. */
export const wrongRounds = (rounds: readonly WrongRound[], seed: number): string =>
  rounds
    .flatMap(({ command, fault, differences, error }) => [
      `seed ${seed}: ${fault}`,
      ...differences
        .slice(0, MAX_DIFFERENCES)
        .map(
          ({ where, room, what, expected, found }) =>
            `  ${where}: room ${room}, ${readable(what)}: expected ${expected}, found ${found}`,
        ),
      ...(differences.length > MAX_DIFFERENCES ? [`  and ${differences.length - MAX_DIFFERENCES} more`] : []),
      ...(error === undefined ? [] : [`  not finished: ${error}`]),
      `  again: ${command}`,
    ])
    .join('\n');
