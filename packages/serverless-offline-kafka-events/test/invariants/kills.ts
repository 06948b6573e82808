import { join } from 'node:path';
import { expect } from '@jest/globals';
import { runChild } from '../child.ts';
import { testBrokers, until } from '../kafka.ts';
import type { TestKafka } from '../kafka.ts';

const PARTITIONS = 4;
const SCRIPT = join(import.meta.dirname, 'poller-process.ts');

interface Delivery {
  readonly verb: string;
  readonly partition: number;
  readonly offset: number;
}

const read = (lines: readonly string[]): Delivery[] =>
  lines
    .map((line) => line.split(' '))
    .filter(([verb]) => verb === 'begin' || verb === 'end')
    .map(([verb = '', partition, offset]) => ({ verb, partition: Number(partition), offset: Number(offset) }));

/**
 * Repeatedly kills a mapping's process with SIGKILL at random moments while records are produced, then lets it finish.
 * Checks after every kill that no offset was committed before its function succeeded, and that the process read each
 * partition in order, starting at or before the first undelivered record. Finally, every record must be delivered.
 */
export const surviveKills = async (kafka: TestKafka, kills: number, recordsPerKill: number): Promise<void> => {
  const topic = await kafka.topic(PARTITIONS);
  const groupId = `g-${topic}`;
  const done = Array.from({ length: PARTITIONS }, () => new Set<number>());
  let produced = 0;

  const check = async (lines: readonly string[]): Promise<void> => {
    const firsts = new Map<number, number>();
    const last = new Map<number, number>();
    for (const { verb, partition, offset } of read(lines)) {
      if (verb === 'end') {
        done[partition]?.add(offset);
        continue;
      }
      if (!firsts.has(partition)) firsts.set(partition, offset);
      // A retry may go back, but no offset is skipped.
      expect(offset).toBeLessThanOrEqual((last.get(partition) ?? offset - 1) + 1);
      last.set(partition, offset);
    }
    const committed = await kafka.committed(groupId, topic);
    for (const [partition, ends] of done.entries()) {
      for (let offset = 0; offset < (committed[partition] ?? 0); offset++) expect(ends.has(offset)).toBe(true);
    }
    for (const [partition, first] of firsts) {
      for (let offset = 0; offset < first; offset++) expect(done[partition]?.has(offset)).toBe(true);
    }
  };

  for (let round = 0; round <= kills; round++) {
    const messages = Array.from({ length: recordsPerKill }, (_, n) => ({ value: `${n}`, partition: n % PARTITIONS }));
    await kafka.produce(topic, messages);
    produced += recordsPerKill;
    const child = runChild(SCRIPT, [testBrokers().join(), topic, groupId]);
    if (round < kills) {
      const mark = Math.ceil((Math.random() * recordsPerKill) / 2);
      await until('some deliveries', () => child.lines.length > mark, 30_000);
      child.process.kill('SIGKILL');
    } else {
      const ends = (): number =>
        new Set([...done.flatMap((set, p) => [...set].map((o) => `${p}/${o}`)), ...endsOf(child.lines)]).size;
      await until('every record', () => ends() === produced, 60_000);
      await until('every commit', async () => sum(await kafka.committed(groupId, topic)) === produced);
      child.process.kill('SIGKILL');
    }
    await child.ended;
    await check(child.lines);
  }
  expect(done.map((set) => set.size)).toEqual(Array.from({ length: PARTITIONS }, () => produced / PARTITIONS));
};

const endsOf = (lines: readonly string[]): string[] =>
  read(lines).flatMap(({ verb, partition, offset }) => (verb === 'end' ? [`${partition}/${offset}`] : []));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, it) => total + it, 0);
