import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runChild } from '../child.ts';
import type { Child } from '../child.ts';
import { testBrokers, until } from '../kafka.ts';
import { numbered, useRigs } from '../rigs.ts';
import { surviveKills } from './kills.ts';
import { drainTopics } from './volume.ts';

const { kafka } = useRigs();

describe('a mapping', () => {
  test('K-21 K-25 K-75 that is killed 30 times loses no record, keeps the order, and commits only after success', async () => {
    await surviveKills(kafka, 30, 800);
  }, 600_000);

  test('K-20 K-21 K-22 delivers 100,000 records in 16 partitions once and in order, for each of 3 topics', async () => {
    await drainTopics(kafka, { topics: 3, partitions: 16, records: 100_000 });
  }, 600_000);

  test('K-33 that runs in two processes shares the partitions, and together they deliver every record', async () => {
    const topic = await kafka.topic(4);
    const groupId = `g-${topic}`;
    const script = join(import.meta.dirname, 'poller-process.ts');
    const children = [1, 2].map(() => runChild(script, [testBrokers().join(), topic, groupId]));
    await until('two members with two partitions each', () => sharesEvenly(groupId), 30_000);
    await kafka.produce(topic, numbered(400, 4));
    const ends = (child: Child): string[] => child.lines.filter((line) => line.startsWith('end '));
    await until('every record', () => new Set(children.flatMap(ends)).size === 400, 30_000);
    const partitions = children.map((child) => new Set(ends(child).map((line) => line.split(' ')[1])).size);
    expect(partitions).toEqual([2, 2]);
    for (const child of children) child.process.kill('SIGKILL');
    await Promise.all(children.map((child) => child.ended));
  }, 60_000);
});

/** Whether both members have joined and the group is stable. */
const sharesEvenly = async (groupId: string): Promise<boolean> => {
  const { groups } = await kafka.admin.describeGroups([groupId]);
  const [group] = groups;
  return group?.state === 'Stable' && group.members.length === 2;
};
