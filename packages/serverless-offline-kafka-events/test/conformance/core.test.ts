import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { numbered, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();

describe('a mapping', () => {
  test('K-25 delivers every record once and commits the last processed offset + 1', async () => {
    const topic = await kafka.topic(4);
    await kafka.produce(topic, numbered(1000, 4));
    const rig = await start({ Topics: [topic], BatchSize: 300 });
    await until('1000 records', () => rig.records().length >= 1000);
    await until('the commits', async () =>
      (await kafka.committed(rig.groupId, topic)).every((offset) => offset === 250),
    );
    expect(rig.records()).toHaveLength(1000);
    for (const partition of [0, 1, 2, 3]) {
      const offsets = rig
        .records()
        .filter((it) => it.partition === partition)
        .map((it) => it.offset);
      expect(offsets).toEqual(Array.from({ length: 250 }, (_, n) => n));
    }
  });

  test('K-35 retries a failed batch until it succeeds, and commits its offsets only then', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(3, 1));
    const committedAtCall: number[][] = [];
    let groupId = '';
    const rig = await start({ Topics: [topic] }, async () => {
      committedAtCall.push(await kafka.committed(groupId, topic));
      if (committedAtCall.length < 3) throw new Error('not yet');
    });
    groupId = rig.groupId;
    await until('the commit', async () => (await kafka.committed(groupId, topic))[0] === 3);
    expect(rig.events).toHaveLength(3);
    expect(rig.events[1]).toEqual(rig.events[0]);
    expect(committedAtCall.flat().every((offset) => offset <= 0)).toBe(true);
  });

  test('K-28 with LATEST delivers the records that are produced after the ready line', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(10, 2));
    const rig = await start({ Topics: [topic], StartingPosition: 'LATEST', MaximumBatchingWindowInSeconds: 0 });
    expect(rig.lines.join()).toContain('ready');
    await kafka.produce(topic, [{ value: 'after', partition: 1 }]);
    await until('the record', () => rig.records().length > 0);
    expect(rig.records().map((it) => [it.partition, it.offset])).toEqual([[1, 5]]);
  });

  test('K-18 with a batching window of 1 s delivers a steady stream at most once a second', async () => {
    const topic = await kafka.topic(2);
    const times: number[] = [];
    const rig = await start({ Topics: [topic], BatchSize: 10_000, MaximumBatchingWindowInSeconds: 1 }, () => {
      times.push(Date.now());
    });
    let sent = 0;
    await until('three batches', async () => {
      await kafka.produce(topic, [{ value: String(sent), partition: sent++ % 2 }]);
      return times.length >= 3;
    });
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(980);
    expect(rig.records().length).toBeGreaterThan(10);
  });
});
