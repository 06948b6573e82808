import type { RecordReader } from '../../lib/ports.ts';

/** A reader of the platform's topics that have these names of their own in front, so that they are only one test's. */
export const prefixedReader = (reader: RecordReader, prefix: string): RecordReader => ({
  read: (topic, ranges, take) =>
    reader.read(
      prefix + topic,
      ranges.map((range) => ({ ...range, partition: prefix + range.partition })),
      ({ records: held }) =>
        take({
          records: Object.fromEntries(
            Object.entries(held).map(([partition, entries]) => [partition.slice(prefix.length), entries]),
          ),
        }),
    ),
  committed: (group, topic) => reader.committed(prefix + group, prefix + topic),
  partitions: (topic) => reader.partitions(prefix + topic),
});
