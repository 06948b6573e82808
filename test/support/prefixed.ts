import type { RecordReader } from '../../lib/ports.ts';

/** A reader of the platform's topics that have these names of their own in front, so that they are only one test's. */
export const prefixedReader = (reader: RecordReader, prefix: string): RecordReader => {
  const without = (name: string) => name.slice(prefix.length);
  const withoutPrefix = <T extends { topicPartition: string }>(ranges: readonly T[]) =>
    ranges.map((range) => ({ ...range, topicPartition: without(range.topicPartition) }));
  return {
    read: (topic, ranges, take) =>
      reader.read(
        prefix + topic,
        ranges.map((range) => ({ ...range, topicPartition: prefix + range.topicPartition })),
        ({ records, covered, lost }) =>
          take({
            records: records.map((record) => ({ ...record, topic: without(record.topic) })),
            covered: withoutPrefix(covered),
            lost: withoutPrefix(lost),
          }),
      ),
    committed: async (group, topic) =>
      new Map([...(await reader.committed(prefix + group, prefix + topic))].map(([name, n]) => [without(name), n])),
    ends: async (topic) => new Map([...(await reader.ends(prefix + topic))].map(([name, n]) => [without(name), n])),
  };
};
