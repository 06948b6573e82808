import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start: startAny } = useRigs();
/** Records are passed on as they come, unless a test says otherwise. */
const start: typeof startAny = (properties, ...rest) =>
  startAny({ MaximumBatchingWindowInSeconds: 0, ...properties }, ...rest);

const only = (pattern: object) => ({ FilterCriteria: { Filters: [{ Pattern: JSON.stringify(pattern) }] } });

describe('filters on a mapping', () => {
  test('K-60 records that do not match are dropped, and committed with those that do', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(20, 2));
    const rig = await start({ Topics: [topic], ...only({ value: ['v3', 'v10'] }) });
    await until('commits', async () => (await kafka.committed(rig.groupId, topic)).every((offset) => offset === 10));
    expect(
      rig
        .records()
        .map(({ value }) => text(value))
        .sort(),
    ).toEqual(['v10', 'v3']);
  });

  test('K-60 no offset is committed beyond a failed record, not even of filtered records after it', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(5, 1));
    let calls = 0;
    const rig = await start({ Topics: [topic], ...only({ value: ['v2'] }) }, () => {
      calls += 1;
      throw new Error('no');
    });
    await until('three tries', () => calls >= 3);
    expect((await kafka.committed(rig.groupId, topic))[0] ?? -1).toBeLessThanOrEqual(2);
  });

  test('K-61 where nothing matches the function is not called, and offsets advance', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(50, 1));
    const rig = await start({ Topics: [topic], ...only({ value: ['none'] }) });
    await until('commit', async () => (await kafka.committed(rig.groupId, topic))[0] === 50);
    expect(rig.events).toEqual([]);
  });

  test('K-64 BatchSize counts the records that pass', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(100, 1));
    const even = only({ value: [{ suffix: '0' }] });
    const rig = await start({ Topics: [topic], BatchSize: 5, MaximumBatchingWindowInSeconds: 3, ...even });
    await until('ten records', () => rig.records().length === 10);
    expect(rig.events.map((event) => Object.values(event.records).flat().length)).toEqual([5, 5]);
  });

  test('K-59 a value of another format than its filter is delivered, as in the table of AWS', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [{ value: '{"a":"y"}' }, { value: 'plain' }, { value: '{"a":"x"}' }]);
    const rig = await start({ Topics: [topic], ...only({ value: { a: ['x'] } }) });
    await until('two', () => rig.records().length === 2);
    expect(rig.records().map(({ value }) => text(value))).toEqual(['plain', '{"a":"x"}']);
  });
});
