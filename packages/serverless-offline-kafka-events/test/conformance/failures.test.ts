import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { NotReached, recordsOf } from '../mapping-rig.ts';
import type { Rig } from '../mapping-rig.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start: startRig } = useRigs();
/** No batching window: existing records of a partition are delivered as one batch anyway. */
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

describe('a batch', () => {
  test('K-24 K-36 succeeds if the function returns, with any value', async () => {
    const topic = await topicWith(2);
    const rig = await start({ Topics: [topic] }, () => ({ batchItemFailures: [{ itemIdentifier: 'nonsense' }] }));
    await committed(rig, topic, [2]);
    expect(rig.events).toHaveLength(1);
  });
});

describe('a failed batch', () => {
  test('K-35 blocks only its own partitions', async () => {
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

  test('K-37 K-38 is not discarded because of attempts that did not reach the function', async () => {
    const topic = await topicWith(1);
    let call = 0;
    const rig = await start({ Topics: [topic], MaximumRetryAttempts: 0 }, () => {
      if (++call <= 4) throw new NotReached('429');
    });
    await committed(rig, topic, [1]);
    expect(call).toBe(5);
    expect(rig.mapping.report().counts).toMatchObject({ DroppedEventCount: 0, FailedInvokeEventCount: 4 });
  });

  test('K-39 K-52 is discarded after its retries, and the partition continues', async () => {
    const topic = await topicWith(3);
    const rig = await start({ Topics: [topic], BatchSize: 2, MaximumRetryAttempts: 2 }, (event) => {
      if (recordsOf(event)[0]?.offset === 0) throw new Error('no');
    });
    await committed(rig, topic, [3]);
    expect(calls(rig)).toEqual([['v0', 'v1'], ['v0', 'v1'], ['v0', 'v1'], ['v2']]);
    expect(rig.mapping.report().counts).toMatchObject({ DroppedEventCount: 2, InvokedEventCount: 7 });
    expect(rig.lines.join('\n')).toContain(
      'offset 0 to 1 (RetryAttemptsExhausted); they are lost, because the mapping has no on-failure destination',
    );
  });

  test('K-40 with unlimited retries and an on-failure destination is discarded after ten retries', async () => {
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
});

describe('a record that exceeds the maximum age', () => {
  test('K-41 is discarded without an invocation', async () => {
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
    expect(rig.lines.join('\n')).toContain('offset 1 (RecordAgeExceeded)');
  });
});

describe('a failed batch with BisectBatchOnFunctionError', () => {
  test('K-42 is split down to the failing record in about log2(n) invocations, and the others are delivered', async () => {
    const topic = await topicWith(1000);
    const delivered: string[] = [];
    const rig = await start(
      { Topics: [topic], BatchSize: 1000, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 },
      (event) => {
        const values = recordsOf(event).map(({ value }) => text(value));
        if (values.includes('v617')) throw new Error('failing record');
        delivered.push(...values);
      },
    );
    await committed(rig, topic, [1000]);
    // At each level one half fails and the other succeeds; then there is one retry of the record.
    expect(calls(rig).filter((values) => values.includes('v617')).length).toBeLessThanOrEqual(12);
    expect(rig.events.length).toBeLessThanOrEqual(22);
    expect(delivered).toEqual(Array.from({ length: 1000 }, (_, n) => `v${n}`).filter((value) => value !== 'v617'));
    expect(rig.mapping.report().counts.DroppedEventCount).toBe(1);
  });

  test('K-42 is split by partition, so that partitions without the failing record are not delayed', async () => {
    const topic = await topicWith(40, 4);
    const delivered: string[] = [];
    const rig = await start(
      { Topics: [topic], BatchSize: 40, MaximumBatchingWindowInSeconds: 1, BisectBatchOnFunctionError: true },
      (event) => {
        const values = recordsOf(event).map(({ value }) => text(value));
        if (values.includes('v21')) throw new Error('failing record');
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

describe('a partial batch response', () => {
  test('K-43 K-47 causes retries of only the reported records, and no offset after the first is committed', async () => {
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

  test('K-44 may have the older key topic-partition', async () => {
    const topic = await topicWith(2);
    let call = 0;
    const rig = await start({ Topics: [topic], ...PARTIAL }, () =>
      ++call > 1 ? {} : { batchItemFailures: [{ itemIdentifier: { 'topic-partition': `${topic}-0`, offset: 1 } }] },
    );
    await committed(rig, topic, [2]);
    expect(calls(rig)).toEqual([['v0', 'v1'], ['v1']]);
  });

  test('K-45 means success if it is undefined, null, {} or an empty list', async () => {
    const topic = await topicWith(5);
    const responses = [undefined, null, {}, { batchItemFailures: [] }, { batchItemFailures: null }];
    const rig = await start({ Topics: [topic], BatchSize: 1, ...PARTIAL }, () => responses.shift());
    await committed(rig, topic, [5]);
    expect(rig.events).toHaveLength(5);
  });

  test('K-46 makes the whole batch fail if an identifier was not in the event', async () => {
    const topic = await topicWith(2);
    const name = `${topic}-0`;
    const responses: unknown[] = [
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
    const all = responses.length;
    const rig = await start({ Topics: [topic], ...PARTIAL }, () => responses.shift());
    await committed(rig, topic, [2]);
    expect(calls(rig)).toEqual(Array.from({ length: all }, () => ['v0', 'v1']));
    expect(rig.lines.join('\n')).toContain('was not in the event');
  });
});
