// `npm run test:faults`: breaks the platform again and again under load, and compares what was tapped with what was
// counted and told. Writes the measured part of docs/reliability.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { REPO } from '../../infra/local/data-dir.ts';
import { type Io, readArgs, runScript, UsageError, wholeNumber } from '../../scripts/lib/cli.ts';
import { section } from '../../scripts/lib/markdown.ts';
import type { SentTap } from '../e2e/crowd.ts';
import { seeded } from '../support/random.ts';
import { add, NOTHING, type Sums } from './ledger.ts';
import { FAULTS, planRounds } from './plan.ts';
import { startFaultPlatform, type FaultPlatform } from './platform.ts';
import { report, type Row } from './report.ts';
import { compare, isExact, runRound } from './round.ts';

const DOCUMENT = join(REPO, 'docs/reliability.md');
const ROUNDS = 52;

const HELP = `npm run test:faults [-- options]    breaks the platform under load, and counts what is lost or doubled

  --rounds N    how many faults (${ROUNDS})
  --seed N      the same seed breaks the same things at the same moments (by chance, and printed)
  --only TEXT   only faults whose name holds this text; docs/reliability.md is left as it is
  --log PATH    what npm start prints, with the functions' log, goes there
  --keep        leave docs/reliability.md as it is
  --help

The faults: ${FAULTS.map(({ name }) => name).join(', ')}.
Exit code 1 when a tap was lost or counted twice, or a client was told something else than what is counted.`;

const log = (line: string) => console.log(line);

const describe = ({ taps, failed, failedCounted, lost, doubled, disagreeing }: Sums) =>
  `${taps} taps, ${failed} with an error (${failedCounted} counted), ${lost} lost, ${doubled} doubled, ${disagreeing} mismatches`;

async function writeDocument(content: string): Promise<void> {
  const text = section(readFileSync(DOCUMENT, 'utf8'), 'faults', content);
  writeFileSync(DOCUMENT, await format(text, { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT }));
}

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: { rounds: text, seed: text, only: text, log: text, keep: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const only = values.only ?? '';
  const faults = FAULTS.filter(({ name }) => name.includes(only));
  if (faults.length === 0) throw new UsageError(`--only should be a part of a fault's name, not "${only}".`);
  return {
    help: values.help,
    logFile: values.log,
    faults,
    rounds: wholeNumber('--rounds', values.rounds ?? String(ROUNDS), { from: 1, to: 10_000 }),
    seed: wholeNumber('--seed', values.seed ?? String(Date.now() % 1_000_000), { from: 0, to: 2 ** 31 }),
    writes: only === '' && !values.keep,
  };
}

async function runAll(
  platform: FaultPlatform,
  { faults, rounds, seed, logFile }: ReturnType<typeof readOptions>,
  stop: AbortSignal,
) {
  const possible = faults.filter((fault) => !fault.impossible?.(platform));
  const skipped = faults.flatMap(({ name, impossible }) => {
    const reason = impossible?.(platform);
    return reason ? [`${name}: ${reason}`] : [];
  });
  for (const reason of skipped) log(`not tried: ${reason}`);
  const rows: Row[] = [];
  const everything = new Map<string, readonly SentTap[]>();
  for (const [n, fault] of planRounds(possible, rounds, seeded(seed)).entries()) {
    if (stop.aborted) break;
    const began = performance.now();
    const { sent, ...sums } = await runRound(platform, fault, `f${n + 1}`, seeded(seed + (n + 1) * 7919));
    for (const [room, taps] of sent) everything.set(room, taps);
    if (logFile) writeFileSync(logFile, platform.output());
    rows.push({ fault: fault.name, ...sums });
    const took = ((performance.now() - began) / 1000).toFixed(1);
    const recovery = (sums.recoveryMs / 1000).toFixed(1);
    log(
      `${isExact(sums) ? 'ok   ' : 'WRONG'} ${n + 1}/${rounds} ${fault.name}: ${describe(sums)}; recovered in ${recovery} s, ${took} s in all`,
    );
  }
  // A later fault must not have changed what an earlier round had found right.
  return { rows, skipped, after: await compare(platform, everything) };
}

async function main(args: string[], io: Io): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    log(HELP);
    return 0;
  }
  const stop = io.stopSignal();
  log(`seed ${options.seed}`);
  const began = performance.now();
  const platform = await startFaultPlatform(log);
  try {
    const { rows, skipped, after } = await runAll(platform, options, stop);
    log(`all rounds, once more at the end: ${describe(after)}`);
    const minutes = (performance.now() - began) / 60_000;
    const sums = rows.reduce<Sums>(add, NOTHING);
    const table = report(rows, after, options.seed, new Date(), minutes, skipped);
    log(`\n${table}\n`);
    if (options.writes && !stop.aborted) await writeDocument(table);
    return isExact(sums) && isExact(after) ? 0 : 1;
  } catch (error) {
    if (options.logFile) writeFileSync(options.logFile, platform.output());
    else log(platform.output().slice(-5000));
    throw error;
  } finally {
    await platform.stop();
  }
}

await runScript(import.meta, 'test:faults', main);
