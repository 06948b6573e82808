/** How far a topic partition has been counted: its highest offset, and the latest record time (ms) up to there. */
export interface Counted {
  offset: number;
  newest: number;
}

/** The records that a batch holds of one topic partition, whatever is in them. */
export interface Span {
  first: number;
  last: number;
  /** The latest record time (ms). */
  newest: number;
}

/** `topic-partition` → what a batch holds of it. */
export type Spans = ReadonlyMap<string, Span>;

/** Offsets `from` to `to` − 1 of a `topic-partition`. */
export interface Range {
  partition: string;
  from: number;
  to: number;
}

type Records = Readonly<Record<string, readonly { offset: number; timestamp: number }[]>>;
type Progress = ReadonlyMap<string, Counted>;

/** What a Lambda event holds of each partition. */
export const spansOf = (records: Records): Map<string, Span> => {
  const spans = new Map<string, Span>();
  for (const [partition, entries] of Object.entries(records)) {
    const [first, last] = [entries[0], entries.at(-1)];
    if (!first || !last) continue;
    const newest = entries.reduce((most, { timestamp }) => Math.max(most, timestamp), first.timestamp);
    spans.set(partition, { first: first.offset, last: last.offset, newest });
  }
  return spans;
};

/**
 * What lies between the counts and where each partition is to be read on (`partition` → next offset). There is such a
 * gap only when counts were lost: a partition is read on only after it was counted.
 */
export const gapsBefore = (counted: Progress, next: ReadonlyMap<string, number>): Range[] =>
  [...next].flatMap(([partition, to]) => {
    const from = (counted.get(partition)?.offset ?? -1) + 1;
    return from < to ? [{ partition, from, to }] : [];
  });

/**
 * Whether the records belong to another stream than the one that was counted: a topic that was made anew begins at 0
 * again, so its records would pass for counted ones. A record that was counted is never newer than all that were.
 */
export const isAnotherStream = (counted: Progress, records: Records): boolean =>
  Object.entries(records).some(([partition, entries]) => {
    const known = counted.get(partition);
    return known && entries.some(({ offset, timestamp }) => offset <= known.offset && timestamp > known.newest);
  });

/** Up to when (ms) all of a topic's partitions have been counted; undefined when one has not been counted at all. */
export const streamTime = (counted: Progress, topic: string, partitions: number): number | undefined => {
  const times = Array.from({ length: partitions }, (_, n) => counted.get(`${topic}-${n}`)?.newest);
  return times.every((time) => time !== undefined) ? Math.min(...times) : undefined;
};
