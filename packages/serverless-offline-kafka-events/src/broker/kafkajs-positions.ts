import type { Admin } from 'kafkajs';
import type { AssignedPartition, StartingPosition } from './port.ts';

const numeric = (offset: string): number | undefined => (Number(offset) >= 0 ? Number(offset) : undefined);

const byPartition = (list: readonly { partition: number; offset: string }[]): Map<number, number> =>
  new Map(list.map(({ partition, offset }) => [partition, Number(offset)]));

/**
 * Where reading starts in each partition: the group's commit, else the starting position (K-26, K-27, K-30).
 * A partition without a commit in a group that has others is new, or was never reached: it is read from its first
 * record, so that nothing is lost (K-31, not documented by AWS).
 */
export const startingOffsets = async (
  admin: Admin,
  topic: string,
  groupId: string,
  position: StartingPosition,
  partitions: readonly number[],
): Promise<AssignedPartition[]> => {
  const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const commits = new Map((fetched?.partitions ?? []).map((it) => [it.partition, numeric(it.offset)]));
  const fresh = [...commits.values()].every((it) => it === undefined);
  const missing = partitions.some((partition) => commits.get(partition) === undefined);
  const starts = missing ? await initialOffsets(admin, topic, fresh ? position : { kind: 'TRIM_HORIZON' }) : undefined;
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
