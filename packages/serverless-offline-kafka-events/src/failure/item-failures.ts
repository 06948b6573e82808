import { z } from 'zod';
import type { PartitionRecords } from '../batch.ts';

/** The offsets that a function reports as failed, by partition. */
export type FailedOffsets = ReadonlyMap<number, ReadonlySet<number>>;

/** `partition` holds `<topic>-<n>`; the first revision of AWS's page called it `topic-partition` (K-44). */
const identifier = z.union([
  z.object({ partition: z.string(), offset: z.int() }).transform((it) => ({ name: it.partition, offset: it.offset })),
  z
    .object({ 'topic-partition': z.string(), offset: z.int() })
    .transform((it) => ({ name: it['topic-partition'], offset: it.offset })),
]);

/** Nothing, `{}` and an empty list are success (K-45). */
const response = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.unknown() })).nullish() })
  .nullish()
  .transform((it) => it?.batchItemFailures ?? []);

/**
 * The records that a function reports as failed, or why its response is invalid: then the whole batch failed (K-46).
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
    const { name, offset } = id.data;
    const of = known.get(name);
    if (!of?.offsets.has(offset)) return { invalid: `itemIdentifier ${show(itemIdentifier)} was not in the event` };
    failed.set(of.partition, (failed.get(of.partition) ?? new Set()).add(offset));
  }
  return { offsets: failed };
};

const show = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 200);
