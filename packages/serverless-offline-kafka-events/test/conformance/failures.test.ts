import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { NotReached, recordsOf } from '../mapping-rig.ts';
import type { Rig } from '../mapping-rig.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start: startRig } = useRigs();
/** Records that are there already come as one batch of a partition: no window is needed. */
const start: typeof startRig = (properties, handler) =>
  startRig({ MaximumBatchingWindowInSeconds: 0, ...properties }, handler);
const PARTIAL = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

const committed = (rig: Rig, topic: string, offsets: readonly number[]): Promise<unknown> =>
  until(`offsets ${offsets.join()}`, async () => (await kafka.committed(rig.groupId, topic)).join() === offsets.join());

/** The values of each invocation. */
const calls = (rig: Rig): string[][] => rig.events.map((event) => recordsOf(event).map(({ value }) => text(value)));

const topicWith = async (count: number, partitions = 1): Promise<string> => {
  const topic = await kafka.topic(partitions);
  await kafka.produce(topic, numbered(count, partitions));
  return topic;
};

describe('a failed batch', () => {
  test('K-24 K-36 is one whose function threw; any return value is a success', async () => {
    const topic = await topicWith(2);
    const rig = await start({ Topics: [topic] }, () => ({ batchItemFailures: [{ itemIdentifier: 'nonsense' }] }));
    await committed(rig, topic, [2]);
    expect(rig.events).toHaveLength(1);
  });

  test('K-35 blocks its own partitions only', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, [{ value: 'bad', partition: 0 }]);
    const rig = await start({ Topics: [topic] }, (event) => {
      if (`${topic}-0` in event.records) throw new Error('bad');
    });
    await until('a failure', () => rig.events.length > 0);
    await kafka.produce(topic, [
      { value: 'behind', partition: 0 },
      { value: 'beside', partition: 1 },
    ]);
    await until('a commit of partition 1', async () => (await kafka.committed(rig.groupId, topic))[1] === 1);
    expect(calls(rig).flat()).not.toContain('behind');
    expect((await kafka.committed(rig.groupId, topic))[0]).toBeLessThanOrEqual(0);
  });

  test('K-37 K-38 tries that do not reach the function are not counted', async () => {
    const topic = await topicWith(1);
    let call = 0;
    const rig = await start({ Topics: [topic], MaximumRetryAttempts: 0 }, () => {
      if (++call <= 4) throw new NotReached('429');
    });
    await committed(rig, topic, [1]);
    expect(call).toBe(5);
    expect(rig.mapping.report().counts).toMatchObject({ DroppedEventCount: 0, FailedInvokeEventCount: 4 });
  });

  test('K-39 K-52 is discarded after its retries, and the partition goes on', async () => {
    const topic = await topicWith(3);
    const rig = await start({ Topics: [topic], BatchSize: 2, MaximumRetryAttempts: 2 }, (event) => {
      if (recordsOf(event)[0]?.offset === 0) throw new Error('no');
    });
    await committed(rig, topic, [3]);
    expect(calls(rig)).toEqual([['v0', 'v1'], ['v0', 'v1'], ['v0', 'v1'], ['v2']]);
    expect(rig.mapping.report().counts).toMatchObject({ DroppedEventCount: 2, InvokedEventCount: 7 });
    expect(rig.lines.join('\n')).toContain('offset 0 to 1, given up (RetryAttemptsExhausted) and dropped');
  });

  test('K-40 with a destination and endless retries is tried eleven times', async () => {
    const failed = await kafka.topic();
    const topic = await topicWith(1);
    const rig = await start(
      { Topics: [topic], DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } } },
      () => {
        throw new Error('no');
      },
    );
    await committed(rig, topic, [1]);
    expect(rig.events).toHaveLength(11);
    expect(rig.mapping.report().counts).toMatchObject({ OnFailureDestinationDeliveredEventCount: 1 });
  });

  test('K-41 records above the maximum age are discarded without an invocation', async () => {
    const topic = await kafka.topic();
    const old = String(Date.now() - 61_000);
    const aged = [undefined, old, undefined].map((timestamp, n) => ({
      value: `v${n}`,
      ...(timestamp && { timestamp }),
    }));
    await kafka.produce(topic, aged);
    const rig = await start({ Topics: [topic], MaximumRecordAgeInSeconds: 60 });
    await committed(rig, topic, [3]);
    expect(calls(rig)).toEqual([['v0', 'v2']]);
    expect(rig.lines.join('\n')).toContain('offset 1, given up (RecordAgeExceeded)');
  });

  test('K-42 bisecting isolates one failing record in about log2(n) invocations and delivers the others', async () => {
    const topic = await topicWith(1000);
    const delivered: string[] = [];
    const rig = await start(
      { Topics: [topic], BatchSize: 1000, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 },
      (event) => {
        const values = recordsOf(event).map(({ value }) => text(value));
        if (values.includes('v617')) throw new Error('poison');
        delivered.push(...values);
      },
    );
    await committed(rig, topic, [1000]);
    // One path of failures down to the record, a success for the other half at each level, and one retry.
    expect(calls(rig).filter((values) => values.includes('v617')).length).toBeLessThanOrEqual(12);
    expect(rig.events.length).toBeLessThanOrEqual(22);
    expect(delivered).toEqual(Array.from({ length: 1000 }, (_, n) => `v${n}`).filter((value) => value !== 'v617'));
    expect(rig.mapping.report().counts.DroppedEventCount).toBe(1);
  });

  test('K-42 bisecting several partitions does not delay those without the failing record', async () => {
    const topic = await topicWith(40, 4);
    const delivered: string[] = [];
    const rig = await start(
      { Topics: [topic], BatchSize: 40, MaximumBatchingWindowInSeconds: 1, BisectBatchOnFunctionError: true },
      (event) => {
        const values = recordsOf(event).map(({ value }) => text(value));
        if (values.includes('v21')) throw new Error('poison');
        delivered.push(...values);
      },
    );
    // v21 is the sixth of partition 1.
    await committed(rig, topic, [10, 5, 10, 10]);
    await until('retries of the record alone', () => calls(rig).filter((it) => it.join() === 'v21').length > 2);
    expect(delivered).toHaveLength(35);
    expect(delivered).not.toContain('v25');
  });
});

describe('item failures', () => {
  test('K-43 K-47 only the listed records are retried, and the committed offset stays below them', async () => {
    const topic = await topicWith(4);
    const seen: number[] = [];
    let groupId = '';
    const rig = await start({ Topics: [topic], ...PARTIAL }, async (event) => {
      const offsets = recordsOf(event).map(({ offset }) => offset);
      if (offsets.length < 4) {
        await until('the partial commit', async () => (await kafka.committed(groupId, topic))[0] === 1);
        return null;
      }
      seen.push(...offsets);
      return { batchItemFailures: [1, 3].map((offset) => ({ itemIdentifier: { partition: `${topic}-0`, offset } })) };
    });
    groupId = rig.groupId;
    await committed(rig, topic, [4]);
    expect(calls(rig)).toEqual([
      ['v0', 'v1', 'v2', 'v3'],
      ['v1', 'v3'],
    ]);
    expect(rig.mapping.report().counts).toMatchObject({ InvokedEventCount: 6, FailedInvokeEventCount: 2 });
  });

  test('K-44 the older key topic-partition names a record as well', async () => {
    const topic = await topicWith(2);
    let call = 0;
    const rig = await start({ Topics: [topic], ...PARTIAL }, () =>
      ++call > 1 ? {} : { batchItemFailures: [{ itemIdentifier: { 'topic-partition': `${topic}-0`, offset: 1 } }] },
    );
    await committed(rig, topic, [2]);
    expect(calls(rig)).toEqual([['v0', 'v1'], ['v1']]);
  });

  test('K-45 nothing, null, {} and an empty list are success', async () => {
    const topic = await topicWith(5);
    const answers = [undefined, null, {}, { batchItemFailures: [] }, { batchItemFailures: null }];
    const rig = await start({ Topics: [topic], BatchSize: 1, ...PARTIAL }, () => answers.shift());
    await committed(rig, topic, [5]);
    expect(rig.events).toHaveLength(5);
  });

  test('K-46 an identifier that was not in the event fails the whole batch', async () => {
    const topic = await topicWith(2);
    const name = `${topic}-0`;
    const answers: unknown[] = [
      {
        batchItemFailures: [
          { itemIdentifier: { partition: name, offset: 1 } },
          { itemIdentifier: { partition: name, offset: 7 } },
        ],
      },
      { batchItemFailures: [{ itemIdentifier: { partition: `${topic}-1`, offset: 0 } }] },
      { batchItemFailures: [{ itemIdentifier: `${name}-1` }] },
      { batchItemFailures: [{ itemIdentifier: { partition: name, offset: '1' } }] },
      { batchItemFailures: [{ itemIdentifier: { shard: name, offset: 1 } }] },
      { batchItemFailures: 'v1' },
      null,
    ];
    const all = answers.length;
    const rig = await start({ Topics: [topic], ...PARTIAL }, () => answers.shift());
    await committed(rig, topic, [2]);
    expect(calls(rig)).toEqual(Array.from({ length: all }, () => ['v0', 'v1']));
    expect(rig.lines.join('\n')).toContain('was not in the event');
  });
});
