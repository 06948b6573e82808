import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { until } from '../kafka.ts';
import { recordsOf } from '../mapping-rig.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();
afterEach(() => void jest.restoreAllMocks());

describe('a batch', () => {
  test('K-17 closes before its payload exceeds 6 MB', async () => {
    const topic = await kafka.topic(2);
    const value = Buffer.alloc(300_000, 7);
    for (const partition of [0, 1, 0, 1, 0, 1]) {
      await kafka.produce(
        topic,
        Array.from({ length: 3 }, () => ({ value, partition })),
      );
    }
    const rig = await start({ Topics: [topic], MaximumBatchingWindowInSeconds: 1 });
    await until('18 records', () => rig.records().length === 18);
    const sizes = rig.events.map((event) => Buffer.byteLength(JSON.stringify(event)));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024);
    // One more record of 400 kB would not have fitted.
    expect(Math.max(...sizes)).toBeGreaterThan(6 * 1024 * 1024 - 401_000);
  });

  test('K-19 K-23 without a batching window is delivered at once, and is never empty', async () => {
    const topic = await kafka.topic(2);
    const rig = await start({ Topics: [topic], MaximumBatchingWindowInSeconds: 0 });
    for (let n = 1; n <= 5; n++) {
      await kafka.produce(topic, [{ value: `${n}`, partition: n % 2 }]);
      await until('its delivery', () => rig.records().length === n);
    }
    expect(rig.events.map((event) => recordsOf(event).length)).toEqual([1, 1, 1, 1, 1]);
  });

  test('K-14 K-20 K-21 has at most BatchSize records over all partitions, in offset order within each', async () => {
    const topic = await kafka.topic(4);
    await kafka.produce(topic, numbered(400, 4));
    const rig = await start({ Topics: [topic], BatchSize: 100 });
    await until('400 records', () => rig.records().length === 400);
    expect(Math.max(...rig.events.map((event) => recordsOf(event).length))).toBe(100);
    for (const partition of [0, 1, 2, 3]) {
      const values = rig.records().filter((it) => it.partition === partition);
      expect(values.map(({ value }) => text(value))).toEqual(
        Array.from({ length: 100 }, (_, n) => `v${4 * n + partition}`),
      );
    }
  });

  test('K-20 may have records of several partitions', async () => {
    const topic = await kafka.topic(3);
    await kafka.produce(topic, numbered(9, 3));
    const rig = await start({ Topics: [topic] });
    await until('nine records', () => rig.records().length === 9);
    expect(Math.max(...rig.events.map((event) => Object.keys(event.records).length))).toBe(3);
  });

  test('is delivered in time although the system clock is set forward and back meanwhile', async () => {
    const { now } = Date;
    let ahead = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
    const topic = await kafka.topic();
    const rig = await start({ Topics: [topic], MaximumBatchingWindowInSeconds: 1 });
    ahead = 1_800_000;
    await kafka.produce(topic, [{ value: 'x', partition: 0 }]);
    await until('the record is read', () => rig.mapping.report().counts.PolledEventCount === 1);
    ahead = 0;
    await until('its delivery', () => rig.records().length === 1);
    await until('the commit', async () => (await kafka.committed(rig.groupId, topic))[0] === 1);
  });
});
