import type { Admin } from 'kafkajs';
import type { AssignedPartition, StartingPosition } from './port.ts';

/** Kafka reports the offset -1 if there is none. */
const offsetIfAny = (offset: string): number | undefined => (Number(offset) >= 0 ? Number(offset) : undefined);

const byPartition = (list: readonly { partition: number; offset: string }[]): Map<number, number> =>
  new Map(list.map(({ partition, offset }) => [partition, Number(offset)]));

/**
 * The offset at which each partition is read: the committed offset, else the starting position (K-26, K-27, K-30).
 * If the group has committed offsets for other partitions only, this partition is new or was never read. It is read
 * from its first record, so that no record is lost (K-31, not documented by AWS).
 */
export const startingOffsets = async (
  admin: Admin,
  topic: string,
  groupId: string,
  position: StartingPosition,
  partitions: readonly number[],
): Promise<AssignedPartition[]> => {
  const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const commits = new Map((fetched?.partitions ?? []).map((it) => [it.partition, offsetIfAny(it.offset)]));
  const isNewGroup = [...commits.values()].every((it) => it === undefined);
  const missing = partitions.some((partition) => commits.get(partition) === undefined);
  const applied: StartingPosition = isNewGroup ? position : { kind: 'TRIM_HORIZON' };
  const starts = missing ? await initialOffsets(admin, topic, applied) : undefined;
  return partitions.map((partition) => {
    const committed = commits.get(partition);
    return { partition, committed, start: committed ?? starts?.get(partition) ?? 0 };
  });
};

const initialOffsets = async (
  admin: Admin,
  topic: string,
  position: StartingPosition,
): Promise<Map<number, number>> => {
  if (position.kind === 'AT_TIMESTAMP') {
    return byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, position.timestampMs));
  }
  const offsets = await admin.fetchTopicOffsets(topic);
  return byPartition(
    offsets.map(({ partition, high, low }) => ({ partition, offset: position.kind === 'LATEST' ? high : low })),
  );
};
