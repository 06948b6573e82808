import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { numbered, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
};

describe('a mapping', () => {
  test('K-28 waits for a topic that does not exist yet, logs that, and reads it from its first record', async () => {
    const topic = `t-${randomUUID()}`;
    const rig = await start({ Topics: [topic] }, undefined, { ready: false });
    await until('the log line', () => rig.lines.some((line) => line.includes(`topic ${topic} does not exist yet`)));
    await kafka.topic(2, {}, topic);
    await kafka.produce(topic, numbered(4, 2));
    await until('its records', () => rig.records().length === 4);
    expect(rig.lines.filter((line) => line.endsWith('ready'))).toEqual([
      `consumer ← ${topic} (group ${rig.groupId}, 2 partitions, batch 100 / 0.5 s) ready`,
    ]);
  });

  test('K-25 K-71 drains when it stops: it completes and commits the invocation in flight, and leaves the group', async () => {
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(20, 1));
    const { open, opened } = gate();
    const rig = await start({ Topics: [topic], BatchSize: 10, MaximumBatchingWindowInSeconds: 0 }, () => opened);
    await until('an invocation', () => rig.events.length === 1);
    const stopped = rig.mapping.stop(60_000);
    open();
    await stopped;
    expect(rig.events).toHaveLength(1);
    expect(await kafka.committed(rig.groupId, topic)).toEqual([10]);
    const { groups } = await kafka.admin.describeGroups([rig.groupId]);
    expect(groups[0]?.members).toEqual([]);
  });

  test('K-75 stops after the timeout at the latest, and delivers records in flight again after a restart', async () => {
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(3, 1));
    const { open, opened } = gate();
    const rig = await start({ Topics: [topic] }, () => opened);
    await until('an invocation', () => rig.events.length === 1);
    await rig.mapping.stop(100); // the invocation ends only after `open`
    const next = await start({ Topics: [topic] }, undefined, { groupId: rig.groupId });
    await until('the same records', () => next.records().length === 3);
    open();
  });

  test('K-75 does not commit batches of partitions that a rebalance revoked, and no record is lost', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(2, 2));
    const { open, opened } = gate();
    const properties = { Topics: [topic] as [string] };
    const first = await start(properties, () => opened);
    await until('an invocation with both records', () => first.records().length === 2);
    const second = await start(properties, undefined, { groupId: first.groupId });
    await until('the record of the revoked partition', () => second.records().length === 1);
    open();
    await until(
      'the commit of all offsets',
      async () => (await kafka.committed(first.groupId, topic)).join() === '1,1',
    );
    const moved = second.records()[0]?.partition;
    await kafka.produce(topic, numbered(2, 2));
    await until('the later records', () => first.records().length === 3 && second.records().length === 2);
    expect(first.records()[2]?.partition).not.toBe(moved);
  });
});
