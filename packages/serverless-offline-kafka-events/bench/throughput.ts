/**
 * Measures the records per second of a mapping, and of kafkajs alone for comparison, each in a separate process:
 * `tsx bench/throughput.ts [records] [rounds]`
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { deleteTopic, filledTopic } from './broker.ts';
import { SUBJECTS } from './subjects.ts';

interface Drain {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly peakMb: number;
  readonly secondHalfMb: number;
}

const [, , records = '300000', rounds = '5'] = process.argv;
/** Additional records that are not counted, so that the last counted batch is full. */
const TAIL = 40_000;

const drain = (name: string, topic: string): Drain => {
  const args = ['--import', 'tsx', join(import.meta.dirname, 'drain.ts'), name, topic, records];
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  return JSON.parse(execFileSync(process.execPath, args, { stdio, encoding: 'utf8' })) as Drain;
};
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

const topic = await filledTopic(4, Number(records) + TAIL);
const drains: Record<string, Drain[]> = Object.fromEntries(Object.keys(SUBJECTS).map((name) => [name, []]));
for (let round = 1; round <= Number(rounds); round++) {
  const line = Object.keys(drains).map((name) => {
    const it = drain(name, topic);
    drains[name]?.push(it);
    return `${name} ${Math.round(it.perSecond)}/s, ${it.cpuMicros.toFixed(2)} µs cpu, ${it.peakMb} MB`;
  });
  console.log(line.join(' | '));
}
const [baseline, ...others] = Object.keys(drains);
const of = (name: string | undefined): Drain[] => drains[name ?? ''] ?? [];
for (const name of others) {
  const ratios = (key: 'perSecond' | 'cpuMicros'): number[] =>
    of(name).map((it, round) => it[key] / (of(baseline)[round]?.[key] ?? 1));
  console.log(
    `${name}: ${Math.round(median(ratios('perSecond')) * 100)} % of ${baseline}'s rate, ` +
      `${Math.round(100 / median(ratios('cpuMicros')))} % by CPU time (medians of ${rounds} rounds); ` +
      `memory at most ${Math.max(...of(name).map((it) => it.peakMb))} MB`,
  );
}
await deleteTopic(topic);
process.exit(0);
