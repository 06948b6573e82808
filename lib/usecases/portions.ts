import { spansOf, type Spans } from '../domain/stream.ts';
import type { LoggedReaction } from '../domain/counting.ts';
import type { TapBatch } from './apply-taps.ts';

const isIn =
  (spans: Spans) =>
  ({ topicPartition, offset }: LoggedReaction): boolean => {
    const span = spans.get(topicPartition);
    return span !== undefined && offset >= span.first && offset <= span.last;
  };

/**
 * Divides a batch into consecutive portions of at most `most` records. Together they cover the same offsets, also those
 * without a record: each belongs to the portion of the next record, or to the last portion.
 */
export const portionsOf = ({ records, taps, spans }: TapBatch, most: number): TapBatch[] => {
  const next = new Map([...spans].map(([name, { first }]) => [name, first]));
  const portions: TapBatch[] = [];
  for (let from = 0; from < records.length || from === 0; from += most) {
    const some = records.slice(from, from + most);
    const covered = spansOf(some);
    if (from + most >= records.length)
      for (const [name, { last }] of spans) {
        const { newest, appended } = covered.get(name) ?? { newest: -1, appended: 0 };
        if ((next.get(name) ?? 0) <= last) covered.set(name, { first: last, last, newest, appended });
      }
    for (const [name, span] of covered) {
      span.first = next.get(name) ?? span.first;
      next.set(name, span.last + 1);
    }
    portions.push({ records: some, taps: taps.filter(isIn(covered)), spans: covered });
  }
  return portions;
};
