import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { recordsOf } from '../mapping-rig.ts';
import { numbered, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();

/** A handler that counts concurrent invocations, and detects a partition that is in two of them. */
const watchConcurrency = (holdMs: number) => {
  const busy = new Set<number>();
  const seen = { running: 0, most: 0, overlaps: 0, records: 0 };
  const handler = async (event: Parameters<typeof recordsOf>[0]): Promise<void> => {
    const partitions = [...new Set(recordsOf(event).map(({ partition }) => partition))];
    for (const partition of partitions) {
      if (busy.has(partition)) seen.overlaps += 1;
      busy.add(partition);
    }
    seen.most = Math.max(seen.most, ++seen.running);
    await new Promise((resolve) => setTimeout(resolve, holdMs));
    seen.running -= 1;
    seen.records += recordsOf(event).length;
    for (const partition of partitions) busy.delete(partition);
  };
  return { seen, handler };
};

describe('the pollers of a mapping', () => {
  test('K-22 K-65 make one invocation each, increase with the lag, and never share a partition', async () => {
    const topic = await kafka.topic(4);
    await kafka.produce(topic, numbered(2_000, 4));
    const { seen, handler } = watchConcurrency(100);
    const rig = await start({ Topics: [topic], BatchSize: 25, MaximumBatchingWindowInSeconds: 0 }, handler);
    await until('one poller at first', () => seen.records > 0);
    expect(seen.most).toBe(1);
    await until('four pollers', () => seen.most === 4, 12_000);
    expect(rig.mapping.report().gauges.ProvisionedPollers).toBe(4);
    await until('every record', () => seen.records >= 2_000);
    expect(seen).toMatchObject({ most: 4, overlaps: 0, records: 2_000 });
  });

  test('K-66 start with the provisioned minimum, and stay within the provisioned maximum', async () => {
    const topic = await kafka.topic(3);
    await kafka.produce(topic, numbered(300, 3));
    const { seen, handler } = watchConcurrency(50);
    const rig = await start(
      {
        Topics: [topic],
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 0,
        ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 2 },
      },
      handler,
    );
    await until('300 records', () => seen.records === 300);
    expect(seen).toMatchObject({ most: 2, overlaps: 0 });
    expect(rig.mapping.report().gauges.ProvisionedPollers).toBe(2);
  });
});
