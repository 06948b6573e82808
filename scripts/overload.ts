// `npm run overload`: measures the platform under twice its capacity, and how soon it recovers.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { live } from '../test/e2e/live.ts';
import { newDataDir, removeDataDir, startPlatform } from '../test/e2e/platform.ts';
import { type Io, positiveNumber, readArgs, runScript } from './lib/cli.ts';
import { type Load, type LoadResult, startLoad } from './lib/load.ts';
import { section, writeFormatted } from './lib/markdown.ts';
import { MemoryWatch, type MemoryUse } from './lib/memory.ts';
import { count } from './lib/table.ts';

const DOCS = 'docs/reliability.md';
const HELP = `npm run overload [-- options]     sends a platform twice its capacity for minutes

  --minutes N       how long (10)
  --times N         the load, as a multiple of the capacity (2)
  --print           only prints the result, instead of also writing it into ${DOCS}
  --help

Starts its own platform, measures its capacity, and sends half of it, a multiple of it, and half of it again. Prints the
answers, the memory of each process, and how long recovery took.

Exit code 1 when a tap answered 200 was not counted, or the platform did not recover; 2 for wrong usage.`;

const ROOMS = Array.from({ length: 50 }, (_, n) => `overload-${n}`);
const SERVICES = ['functions', 'kafka', 'redis'] as const;
const NAMES: Record<string, string> = { functions: 'functions', kafka: 'broker', redis: 'Redis' };

const STEP_MS = 4000;
const CALM_MS = 10_000;
const RECOVERY_MS = 60_000;
const DRAIN_MS = 120_000;
/** A rate counts as reached when this part of it is answered 200. */
const ENOUGH = 0.95;

const results: LoadResult[] = [];
const finish = async (load: Load): Promise<LoadResult> => {
  const result = await load.finish();
  results.push(result);
  return result;
};

/**
 * Doubles the rate until, twice in a row, a tenth of it is not answered 200 in time (once may be caused by the
 * machine). Returns the highest rate of answers.
 */
async function findCapacity(url: string): Promise<number> {
  let best = 0;
  let short = 0;
  for (let rate = 250; ; rate *= 2) {
    const load = startLoad(url, rate, ROOMS);
    await sleep(STEP_MS / 4);
    load.read();
    const began = performance.now();
    await sleep(STEP_MS);
    const answered = (load.read().delta.answered / (performance.now() - began)) * 1000;
    await finish(load);
    console.log(`${count(rate)} taps/s: ${count(answered)}/s answered 200`);
    best = Math.max(best, answered);
    short = answered < 0.9 * rate ? short + 1 : 0;
    if (short === 2) return Math.round(best);
  }
}

/** Time (s) until the rate is answered 200 for a second; undefined if that does not happen. */
async function recovery(load: Load, rate: number): Promise<number | undefined> {
  const began = performance.now();
  const quarters: { answered: number; from: number; to: number }[] = [];
  for (let from = began; from < began + RECOVERY_MS;) {
    await sleep(250);
    const to = performance.now();
    quarters.push({ answered: load.read().delta.answered, from, to });
    const second = quarters.slice(-4);
    const answered = second.reduce((sum, quarter) => sum + quarter.answered, 0);
    const [first] = second;
    if (first && second.length === 4 && answered >= (ENOUGH * rate * (to - first.from)) / 1000)
      return (first.from - began) / 1000;
    from = to;
  }
  return undefined;
}

interface Sums {
  answered: number;
  /** Counted in a window. */
  counted: number;
  /** Received later than the watermark after their timestamp. */
  late: number;
  /** Answered 200, but neither counted nor late. */
  lost: number;
}

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

/** The results of the taps answered 200, once all have been processed. Late taps are known only per room. */
async function countedTaps(url: string): Promise<Sums> {
  const answered = new Map<string, number>();
  for (const result of results)
    for (const [room, emojis] of result.answered) answered.set(room, (answered.get(room) ?? 0) + sum(emojis.values()));
  const until = performance.now() + DRAIN_MS;
  for (;;) {
    const rooms = await Promise.all(
      ROOMS.map(async (room) => {
        const { totals, late } = await live(url, room).catch(() => ({ totals: [], late: 0 })); // retried
        const counted = sum(totals.map(({ raw_count }) => raw_count));
        return { counted, late, lost: Math.max(0, (answered.get(room) ?? 0) - counted - late) };
      }),
    );
    const of = (what: 'counted' | 'late' | 'lost') => sum(rooms.map((room) => room[what]));
    if (of('lost') === 0 || performance.now() > until)
      return { answered: sum(answered.values()), counted: of('counted'), late: of('late'), lost: of('lost') };
    await sleep(500);
  }
}

interface Report {
  times: number;
  capacity: number;
  minutes: number;
  calm: LoadResult;
  over: LoadResult;
  memory: { calm: Map<string, MemoryUse>; over: Map<string, MemoryUse>; after: Map<string, MemoryUse> };
  restarts: number;
  recoveredAfter: number | undefined;
  sums: Sums;
}

function markdown(report: Report): string {
  const { times, capacity, minutes, calm, over, memory, restarts, recoveredAfter, sums } = report;
  const ms = (value: number) => `${Math.round(value)} ms`;
  const phase = (name: string, rate: number, { total, latency, errors }: LoadResult) => {
    const other = total.refused + total.failed - (errors.get('503') ?? 0) - (errors.get('429') ?? 0);
    const cells = [total.sent, total.answered, errors.get('503') ?? 0, errors.get('429') ?? 0, other, total.missed];
    return `| ${[name, `${count(rate)}/s`, ...cells.map(count), ms(latency.p50), ms(latency.p99)].join(' | ')} |`;
  };
  const mib = (use: MemoryUse | undefined, which: keyof MemoryUse) => (use ? `${Math.round(use[which])} MiB` : '');
  return [
    `Measured by \`npm run overload -- --minutes ${minutes}\` on ${cpus().length} cores, load and platform together. Capacity: ${count(capacity)} taps/s, a request each.`,
    '',
    '| load | taps | sent | 200 | 503 | 429 | other | not sent¹ | p50 | p99 |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    phase('half of capacity', capacity / 2, calm),
    phase(`${times} × capacity, ${minutes} min`, capacity * times, over),
    '',
    '¹ All 1,200 connections of the load waited for an answer. Latency is of the taps answered 200, from when they were due.',
    '',
    '| memory (resident) | before | largest in overload | at its end | after it |',
    '| --- | --- | --- | --- | --- |',
    ...SERVICES.map((name) => {
      const { calm: before, over: during, after } = memory;
      const cells = [
        mib(before.get(name), 'last'),
        mib(during.get(name), 'largest'),
        mib(during.get(name), 'last'),
        mib(after.get(name), 'last'),
      ];
      return `| ${NAMES[name]} | ${cells.join(' | ')} |`;
    }),
    '',
    `Processes that ended meanwhile: ${restarts}. ${
      recoveredAfter === undefined
        ? `The old rate did not come back within ${RECOVERY_MS / 1000} s.`
        : `Back at half of capacity, the old rate was answered 200 again after ${recoveredAfter.toFixed(1)} s.`
    }`,
    '',
    `Answered 200 in the whole run: ${count(sums.answered)}; counted in their windows: ${count(sums.counted)}; late (more than the watermark from tap to arrival): ${count(sums.late)}; lost: ${count(sums.lost)}. (A tap that was answered with an error may be counted.)`,
  ].join('\n');
}

const HEADING = '## Overload';
const SECTION = `${HEADING}\n\n<!-- overload -->\n\n<!-- /overload -->\n`;

/** Adds the section for the figures to the text if it is missing: under its heading, or at the end. */
function withSection(text: string): string {
  if (text.includes('<!-- overload -->')) return text;
  return text.includes(`\n${HEADING}\n`) ? text.replace(`${HEADING}\n`, SECTION) : `${text}\n${SECTION}`;
}

async function writeDocs(content: string): Promise<void> {
  const found = existsSync(DOCS) ? readFileSync(DOCS, 'utf8') : '# Reliability\n';
  mkdirSync(dirname(DOCS), { recursive: true });
  await writeFormatted(DOCS, section(withSection(found), 'overload', content));
  console.log(`written into ${DOCS}`);
}

export async function main(args: string[], io: Io): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      minutes: { ...text, default: '10' },
      times: { ...text, default: '2' },
      print: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const minutes = positiveNumber('--minutes', values.minutes, 1000);
  const times = positiveNumber('--times', values.times, 100);

  const dataDir = newDataDir();
  const platform = await startPlatform(dataDir);
  const watch = new MemoryWatch(SERVICES, (name) => platform.pid(name as (typeof SERVICES)[number]));
  try {
    const { url } = platform;
    const capacity = await findCapacity(url);
    watch.take();
    const calmLoad = startLoad(url, capacity / 2, ROOMS);
    await sleep(CALM_MS);
    const calm = await finish(calmLoad);
    const memoryCalm = watch.take();

    io.print(`capacity ${count(capacity)} taps/s; now ${times} times that for ${minutes} min`);
    const overLoad = startLoad(url, capacity * times, ROOMS);
    await sleep(minutes * 60_000);
    const memoryOver = watch.take();
    const afterLoad = startLoad(url, capacity / 2, ROOMS);
    const [over, recoveredAfter] = await Promise.all([finish(overLoad), recovery(afterLoad, capacity / 2)]);
    await finish(afterLoad);
    const sums = await countedTaps(url);
    const memory = { calm: memoryCalm, over: memoryOver, after: watch.take() };
    const report = markdown({
      times,
      capacity,
      minutes,
      calm,
      over,
      memory,
      restarts: watch.restarts,
      recoveredAfter,
      sums,
    });
    io.print(`\n${report}\n`);
    if (!values.print) await writeDocs(report);
    return sums.lost > 0 || recoveredAfter === undefined ? 1 : 0;
  } finally {
    watch.stop();
    await platform.stop();
    removeDataDir(dataDir);
  }
}

await runScript(import.meta, 'overload', main);
