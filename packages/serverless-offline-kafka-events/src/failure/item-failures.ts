import { z } from 'zod';
import type { PartitionRecords } from '../batch.ts';

/** The offsets that a function reported as failed, by partition. */
export type FailedOffsets = ReadonlyMap<number, ReadonlySet<number>>;

/** `partition` holds `<topic>-<number>`; an older version of AWS's page calls the field `topic-partition` (K-44). */
const identifier = z.union([
  z
    .object({ partition: z.string(), offset: z.int() })
    .transform((it) => ({ topicPartition: it.partition, offset: it.offset })),
  z
    .object({ 'topic-partition': z.string(), offset: z.int() })
    .transform((it) => ({ topicPartition: it['topic-partition'], offset: it.offset })),
]);

/** No response, `{}` and an empty list mean success (K-45). */
const response = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.unknown() })).nullish() })
  .nullish()
  .transform((it) => it?.batchItemFailures ?? []);

/**
 * Reads the records that a function reports as failed. If the response is invalid, the whole batch has failed (K-46).
 */
export const readItemFailures = (
  value: unknown,
  topic: string,
  records: PartitionRecords,
): { readonly offsets: FailedOffsets } | { readonly invalid: string } => {
  const items = response.safeParse(value);
  if (!items.success) return { invalid: 'the response is not {"batchItemFailures": [{"itemIdentifier": …}, …]}' };
  const known = new Map(
    [...records].map(([partition, list]) => [
      `${topic}-${partition}`,
      { partition, offsets: new Set(list.map(({ offset }) => offset)) },
    ]),
  );
  const failed = new Map<number, Set<number>>();
  for (const { itemIdentifier } of items.data) {
    const id = identifier.safeParse(itemIdentifier);
    if (!id.success) {
      return {
        invalid: `itemIdentifier ${show(itemIdentifier)} is not {"partition": "${topic}-<n>", "offset": <number>}`,
      };
    }
    const { topicPartition, offset } = id.data;
    const sent = known.get(topicPartition);
    if (!sent?.offsets.has(offset)) return { invalid: `itemIdentifier ${show(itemIdentifier)} was not in the event` };
    failed.set(sent.partition, (failed.get(sent.partition) ?? new Set()).add(offset));
  }
  return { offsets: failed };
};

const show = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 200);
