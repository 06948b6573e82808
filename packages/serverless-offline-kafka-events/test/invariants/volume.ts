import { expect } from '@jest/globals';
import type { TestKafka } from '../kafka.ts';
import { until } from '../kafka.ts';
import { recordsOf, startMapping } from '../mapping-rig.ts';

/**
 * Drains several topics at the same time, each with `records` records in `partitions` partitions. Checks that each
 * record is delivered once (the function never fails) and in the order of its partition.
 */
export const drainTopics = async (
  kafka: TestKafka,
  { topics, partitions, records }: { topics: number; partitions: number; records: number },
): Promise<void> => {
  const names = await Promise.all(Array.from({ length: topics }, () => kafka.topic(partitions)));
  const drained = names.map(async (topic) => {
    const next = Array.from({ length: partitions }, () => 0);
    let outOfOrder = 0;
    let delivered = 0;
    const rig = await startMapping(
      { Topics: [topic], BatchSize: 1_000 },
      (event) => {
        for (const { partition, offset } of recordsOf(event)) {
          if (offset !== next[partition]) outOfOrder += 1;
          next[partition] = offset + 1;
          delivered += 1;
        }
      },
      { keepEvents: false },
    );
    for (let sent = 0; sent < records; sent += 5_000) {
      const count = Math.min(5_000, records - sent);
      await kafka.produce(
        topic,
        Array.from({ length: count }, (_, n) => ({ value: `${sent + n}`, partition: (sent + n) % partitions })),
      );
    }
    await until(`${records} records of ${topic}`, () => delivered >= records, 300_000);
    const each = Array.from({ length: partitions }, () => records / partitions);
    await until('every commit', async () => (await kafka.committed(rig.groupId, topic)).join() === each.join());
    expect({ delivered, outOfOrder, next }).toEqual({ delivered: records, outOfOrder: 0, next: each });
    await rig.stop();
  });
  await Promise.all(drained);
};
