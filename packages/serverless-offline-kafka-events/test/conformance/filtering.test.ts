import { describe, expect, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start: startAny } = useRigs();
/** No batching window, unless a test sets one. */
const start: typeof startAny = (properties, ...rest) =>
  startAny({ MaximumBatchingWindowInSeconds: 0, ...properties }, ...rest);

const only = (pattern: object) => ({ FilterCriteria: { Filters: [{ Pattern: JSON.stringify(pattern) }] } });

describe('a mapping with filters', () => {
  test('K-60 drops records that do not match, and commits their offsets with those of the others', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(20, 2));
    const rig = await start({ Topics: [topic], ...only({ value: ['v3', 'v10'] }) });
    await until('the commits', async () =>
      (await kafka.committed(rig.groupId, topic)).every((offset) => offset === 10),
    );
    expect(
      rig
        .records()
        .map(({ value }) => text(value))
        .sort(),
    ).toEqual(['v10', 'v3']);
  });

  test('K-60 does not commit offsets after a failed record, not even of filtered records', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(5, 1));
    let calls = 0;
    const rig = await start({ Topics: [topic], ...only({ value: ['v2'] }) }, () => {
      calls += 1;
      throw new Error('no');
    });
    await until('three attempts', () => calls >= 3);
    expect((await kafka.committed(rig.groupId, topic))[0] ?? -1).toBeLessThanOrEqual(2);
  });

  test('K-61 does not invoke the function if no record matches, but commits offsets', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(50, 1));
    const rig = await start({ Topics: [topic], ...only({ value: ['none'] }) });
    await until('the commit', async () => (await kafka.committed(rig.groupId, topic))[0] === 50);
    expect(rig.events).toEqual([]);
  });

  test('K-64 counts only records that match for BatchSize', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(100, 1));
    const even = only({ value: [{ suffix: '0' }] });
    const rig = await start({ Topics: [topic], BatchSize: 5, MaximumBatchingWindowInSeconds: 3, ...even });
    await until('ten records', () => rig.records().length === 10);
    expect(rig.events.map((event) => Object.values(event.records).flat().length)).toEqual([5, 5]);
  });

  test("K-59 delivers a value of another format than the filter's, as in AWS's table", async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [{ value: '{"a":"y"}' }, { value: 'plain' }, { value: '{"a":"x"}' }]);
    const rig = await start({ Topics: [topic], ...only({ value: { a: ['x'] } }) });
    await until('two records', () => rig.records().length === 2);
    expect(rig.records().map(({ value }) => text(value))).toEqual(['plain', '{"a":"x"}']);
  });
});
