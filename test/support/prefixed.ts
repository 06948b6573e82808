import type { RecordReader } from '../../lib/ports.ts';

/** A reader that adds a prefix to all topics and groups, so that a test has its own topics. */
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
    committed: async (groupId, topic) =>
      new Map([...(await reader.committed(prefix + groupId, prefix + topic))].map(([name, n]) => [without(name), n])),
    ends: async (topic) => new Map([...(await reader.ends(prefix + topic))].map(([name, n]) => [without(name), n])),
  };
};
