// `npm run test:faults`: causes many faults under load, and compares the records of the topic with the counts in Redis
// and with the updates that clients received. Writes the measured part of docs/reliability.md.
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPO } from '../../infra/local/data-dir.ts';
import { type Io, readArgs, runScript, UsageError, wholeNumber } from '../../scripts/lib/cli.ts';
import { section, writeFormatted } from '../../scripts/lib/markdown.ts';
import { seeded } from '../support/random.ts';
import { startBrokersPlatform } from './brokers-platform.ts';
import { startClusterPlatform } from './cluster-platform.ts';
import { comparison, type Findings, type Sent } from './evidence.ts';
import type { Fault, PlatformKind } from './fault.ts';
import { add, NOTHING, type Sums } from './ledger.ts';
import { FAULTS, PLATFORMS, planRounds, type PlannedRound } from './plan.ts';
import type { FaultPlatform } from './platform.ts';
import { commandFor, report, wrongRounds, type Row, type WrongRound } from './report.ts';
import { runRound } from './round.ts';
import { startSinglePlatform } from './single-platform.ts';

const DOCUMENT = join(REPO, 'docs/reliability.md');
const ROUNDS = 150;

const HELP = `npm run test:faults [-- options]    causes faults under load, and counts lost and doubled taps

  --rounds N    how many rounds, each with one fault (default: ${ROUNDS})
  --seed N      the same seed gives the same faults at the same moments (default: random, printed)
  --round K     run only round K
  --only TEXT   only faults whose name contains this text
  --log PATH    write the output of npm start and the broker to this file, also after a run without errors
  --keep        do not write the results to docs/reliability.md; implied by --round and --only
  --help

The faults: ${FAULTS.map(({ name }) => name).join(', ')}.
Two platforms run side by side. At the end every wrong round is listed with its seed, room, window and emoji, and the path of the platform's log.
Exit code 1 when a tap was lost or counted twice, or when a client's counts differ from the topic.`;

const START: Record<PlatformKind, (log: (line: string) => void) => Promise<FaultPlatform>> = {
  single: startSinglePlatform,
  cluster: startClusterPlatform,
  brokers: startBrokersPlatform,
};

const log = (line: string) => console.log(line);

const describe = ({ taps, failed, failedCounted, lost, doubled, mismatches }: Sums) =>
  `${taps} taps, ${failed} with an error (${failedCounted} counted), ${lost} lost, ${doubled} doubled, ${mismatches} mismatches`;

const writeDocument = (content: string): Promise<void> =>
  writeFormatted(DOCUMENT, section(readFileSync(DOCUMENT, 'utf8'), 'faults', content));

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = readArgs({
    args,
    options: { rounds: text, seed: text, round: text, only: text, log: text, keep: flag, help: flag },
  });
  const only = values.only ?? '';
  const faults = FAULTS.filter(({ name }) => name.includes(only));
  if (faults.length === 0) throw new UsageError(`--only should be part of a fault's name, not "${only}".`);
  const rounds = wholeNumber('--rounds', values.rounds ?? String(ROUNDS), { from: 1, to: 10_000 });
  const { round } = values;
  return {
    help: values.help,
    logFile: values.log,
    ...{ faults, only, rounds },
    round: round === undefined ? undefined : wholeNumber('--round', round, { from: 1, to: rounds }),
    seed: wholeNumber('--seed', values.seed ?? String(Date.now() % 1_000_000), { from: 0, to: 2 ** 31 }),
    writes: only === '' && round === undefined && !values.keep,
  };
}
type Options = ReturnType<typeof readOptions>;

/** The results of a run so far. */
class Outcome {
  readonly rows: Row[] = [];
  readonly wrong: WrongRound[] = [];
  after: Sums = NOTHING;
  #logFile: string | undefined;

  constructor(options: Options) {
    this.#logFile = options.logFile;
    if (this.#logFile) writeFileSync(this.#logFile, '');
  }

  /** Saves the platform's output before it is stopped, if a round was wrong or --log was given. */
  keepLog(platform: FaultPlatform): void {
    if (this.wrong.length === 0 && !this.#logFile) return;
    this.#logFile ??= join(mkdtempSync(join(tmpdir(), 'emoji-streaming-faults-')), 'platform.log');
    appendFileSync(this.#logFile, platform.output());
  }

  get logFile(): string | undefined {
    return this.#logFile;
  }
}

/** The faults that this machine can make, and the reasons why it can't make the others. */
async function possible(faults: readonly Fault[]) {
  const reasons = await Promise.all(faults.map((fault) => fault.impossible?.()));
  const skipped = faults.flatMap(({ name }, n) => (reasons[n] ? [`${name}: ${reasons[n]}`] : []));
  for (const reason of skipped) log(`not tried: ${reason}`);
  return { faults: faults.filter((_, n) => !reasons[n]), skipped };
}

async function runOne(
  platform: FaultPlatform,
  { number, fault }: PlannedRound,
  options: Options,
  outcome: Outcome,
): Promise<Sent | undefined> {
  const { seed, rounds } = options;
  const began = performance.now();
  const command = commandFor(options, number);
  const took = () => `${((performance.now() - began) / 1000).toFixed(1)} s in all`;
  try {
    const random = seeded(seed + number * 7919);
    const { sent, sums, differences, recoveryMs } = await runRound(platform, fault, `f${number}`, random);
    outcome.rows.push({ fault: fault.name, ...sums, recoveryMs });
    if (differences.length > 0) outcome.wrong.push({ command, fault: fault.name, differences });
    const recovered = `recovered in ${(recoveryMs / 1000).toFixed(1)} s`;
    const verdict = differences.length === 0 ? 'ok   ' : 'WRONG';
    log(`${verdict} ${number}/${rounds} ${fault.name}: ${describe(sums)}; ${recovered}, ${took()}`);
    return sent;
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    outcome.wrong.push({ command, fault: fault.name, differences: [], error: reason });
    log(`WRONG ${number}/${rounds} ${fault.name}: not finished, ${took()}: ${reason}`);
    return undefined;
  }
}

/** Runs the rounds of `left` on a platform, until none is left. After a round that did not finish, a new platform is started. */
async function runOn(kind: PlatformKind, left: PlannedRound[], options: Options, outcome: Outcome, stop: AbortSignal) {
  while (left.length > 0 && !stop.aborted) {
    const platform = await START[kind](log);
    const everything = new Map<string, Sent extends ReadonlyMap<string, infer T> ? T : never>();
    let isUsable = true;
    try {
      while (isUsable && !stop.aborted) {
        const round = left.shift();
        if (!round) break;
        const sent = await runOne(platform, round, options, outcome);
        isUsable = sent !== undefined;
        for (const [room, taps] of sent ?? []) everything.set(room, taps);
      }
      if (isUsable) await compareAtEnd(platform, kind, everything, options, outcome);
    } finally {
      outcome.keepLog(platform);
      await platform.stop();
    }
  }
}

/**
 * Runs all rounds on two platforms side by side, as a round mostly waits: one has a single broker, the other is of the
 * other kinds in turn, and then helps the first.
 */
async function runAll(plan: readonly PlannedRound[], options: Options, outcome: Outcome, stop: AbortSignal) {
  const left = new Map(PLATFORMS.map((kind) => [kind, plan.filter(({ fault }) => fault.on === kind)]));
  const sequences: PlatformKind[][] = [['single'], ['cluster', 'brokers', 'single']];
  await Promise.all(
    sequences.map(async (kinds) => {
      for (const kind of kinds) await runOn(kind, left.get(kind) ?? [], options, outcome, stop);
    }),
  );
}

/** Compares the rooms of all rounds again: a later fault must not have changed their counts. */
async function compareAtEnd(
  platform: FaultPlatform,
  kind: PlatformKind,
  everything: Sent,
  options: Options,
  outcome: Outcome,
) {
  const { sums, differences }: Findings = await comparison(platform, new Map())(everything);
  outcome.after = add(outcome.after, sums);
  log(`the rounds of platform "${kind}", once more at its end: ${describe(sums)}`);
  const numbers = new Set(differences.map(({ room }) => Number(/^f(\d+)-/.exec(room)?.[1])));
  for (const number of numbers)
    outcome.wrong.push({
      command: commandFor(options, number),
      fault: 'a fault of a later round changed counts of this round',
      differences: differences.filter(({ room }) => room.startsWith(`f${number}-`)),
    });
}

async function main(args: string[], io: Io): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    log(HELP);
    return 0;
  }
  const { seed, rounds, round } = options;
  const stop = io.stopSignal();
  log(`seed ${seed}`);
  const began = performance.now();
  const { faults, skipped } = await possible(options.faults);
  const plan = planRounds(faults, rounds, seeded(seed)).filter(({ number }) => round === undefined || number === round);
  const outcome = new Outcome(options);
  await runAll(plan, options, outcome, stop);
  const minutes = (performance.now() - began) / 60_000;
  const rows = FAULTS.flatMap(({ name }) => outcome.rows.filter(({ fault }) => fault === name));
  const table = report(rows, outcome.after, { plan: options, when: new Date(), minutes, skipped });
  log(`\n${table}\n`);
  if (outcome.wrong.length > 0) log(`Wrong:\n${wrongRounds(outcome.wrong, seed)}`);
  if (outcome.logFile) log(`The platform's log: ${outcome.logFile}`);
  if (options.writes && !stop.aborted) await writeDocument(table);
  return outcome.wrong.length === 0 ? 0 : 1;
}

await runScript(import.meta, 'test:faults', main);
