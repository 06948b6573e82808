import { afterEach, describe, expect, test } from '@jest/globals';
import { emfLine } from '../../src/metrics/emf.ts';
import { serveMetrics } from '../../src/metrics/http.ts';
import type { MetricsServer } from '../../src/metrics/http.ts';
import { until } from '../kafka.ts';
import { useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();
let server: MetricsServer | undefined;
afterEach(() => server?.close());

const FILTER = { FilterCriteria: { Filters: [{ Pattern: '{"value":{"keep":[true]}}' }] } };
const BATCH = { BatchSize: 4, MaximumBatchingWindowInSeconds: 0 };

describe('the metrics of a mapping', () => {
  test('K-76 K-77 have the names of AWS, and are served as JSON', async () => {
    const topic = await kafka.topic();
    await kafka.produce(
      topic,
      Array.from({ length: 6 }, (_, n) => ({ value: JSON.stringify({ keep: n % 3 > 0 }) })),
    );
    let call = 0;
    const rig = await start(
      { Topics: [topic], MaximumRetryAttempts: 1, ...BATCH, ...FILTER },
      () => {
        if (++call === 1) throw new Error('once');
      },
      { logBatches: true },
    );
    await until('the commit', async () => (await kafka.committed(rig.groupId, topic))[0] === 6);
    server = await serveMetrics(0, () => [rig.mapping.report()]);
    const { port } = server;
    const read = async () =>
      ((await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { mappings: unknown[] }).mappings;
    expect(await read()).toEqual([
      {
        functionName: 'consumer',
        topic,
        consumerGroupId: rig.groupId,
        counts: {
          PolledEventCount: 6,
          FilteredOutEventCount: 2,
          InvokedEventCount: 8,
          FailedInvokeEventCount: 4,
          DroppedEventCount: 0,
          OnFailureDestinationDeliveredEventCount: 0,
          CommittedEventCount: 6,
          PollingErrorCount: 0,
          InvokeErrorCount: 1,
          OnFailureDestinationDeliveryErrorCount: 0,
          CommitErrorCount: 0,
        },
        gauges: { OffsetLag: 0, MaxOffsetLag: 0, SumOffsetLag: 0, ProvisionedPollers: 1 },
      },
    ]);
    const lines = rig.lines.filter((line) => line.includes(' bytes, '));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/failed, 4 records, \d+ bytes, 2 filtered, \d+ ms, lag 6$/);
    expect(lines[1]).toMatch(/success, 4 records, \d+ bytes, 0 filtered, \d+ ms, lag 5$/);
  });

  test('K-76 include OffsetLag, the number of records that are written but not processed', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 0 },
      { value: 'c', partition: 1 },
    ]);
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const rig = await start({ Topics: [topic] }, () => opened);
    await until('an invocation', () => rig.events.length > 0);
    expect(rig.mapping.report().gauges).toMatchObject({ OffsetLag: 3, MaxOffsetLag: 2, SumOffsetLag: 3 });
    open();
    await until('no lag', () => rig.mapping.report().gauges.OffsetLag === 0);
  });

  test('K-77 in embedded metric format are the counts since the previous line, and the gauges', () => {
    const counts = { PolledEventCount: 7, CommittedEventCount: 5 };
    const gauges = { OffsetLag: 2, MaxOffsetLag: 2, SumOffsetLag: 2, ProvisionedPollers: 1 };
    const report = { functionName: 'f', topic: 't', consumerGroupId: 'g', counts, gauges } as never;
    const line = JSON.parse(emfLine(report, { PolledEventCount: 3, CommittedEventCount: 5 } as never, 1_000));
    expect(line).toMatchObject({ FunctionName: 'f', PolledEventCount: 4, CommittedEventCount: 0, OffsetLag: 2 });
    expect(line._aws).toMatchObject({
      Timestamp: 1_000,
      CloudWatchMetrics: [{ Namespace: 'AWS/Lambda', Dimensions: [['FunctionName', 'EventSourceMapping']] }],
    });
    expect(line._aws.CloudWatchMetrics[0].Metrics).toContainEqual({ Name: 'OffsetLag', Unit: 'Count' });
  });
});
