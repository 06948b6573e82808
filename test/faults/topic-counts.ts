/** A record of `emoji_topic`, as the broker stores it. */
export interface TopicRecord {
  partition: number;
  offset: number;
  /** When the broker appended it (ms). */
  timestamp: number;
  value: string;
}

/** A tap in the topic, as the tests send it: other forms of a timestamp are not supported. */
export interface TopicTap {
  user_id: string;
  emoji_type: string;
  timestamp: string;
  received_at: string;
  room_id: string;
  event_id?: string;
  count: number;
}

/** `start emoji` (start of the window in ms since the epoch), or `late` → taps. */
export type Counts = ReadonlyMap<string, number>;

/** The limits that README.md and docs/reliability.md name. */
const WINDOW_MS = 2000;
const WATERMARK_MS = 10_000;
const ID_MS = 600_000;

/** @returns undefined when the record is no tap. */
export const tapOf = ({ value }: Pick<TopicRecord, 'value'>): TopicTap | undefined => {
  try {
    const tap = { room_id: 'global', count: 1, ...(JSON.parse(value) as Omit<TopicTap, 'room_id' | 'count'>) };
    return tap.user_id && tap.emoji_type && Date.parse(tap.timestamp) && Date.parse(tap.received_at) ? tap : undefined;
  } catch {
    return undefined;
  }
};

/**
 * The counts that a topic must result in, by room. Deliberately simple and without any code of the platform: records in
 * the order of their offsets, each offset once, each id once within its time.
 */
export const countTopic = (records: readonly TopicRecord[]): Map<string, Counts> => {
  const rooms = new Map<string, Map<string, number>>();
  const seen = new Map<string, number>();
  const clocks = new Map<number, number>();
  const counted = new Set<string>();
  for (const record of [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset)) {
    const { partition, offset, timestamp } = record;
    const tap = tapOf(record);
    const isCounted = counted.has(`${partition} ${offset}`);
    if (!tap || isCounted) continue;
    counted.add(`${partition} ${offset}`);
    const now = Math.max(timestamp, clocks.get(partition) ?? 0); // the broker's clock may have been set back
    clocks.set(partition, now);
    if (tap.event_id !== undefined) {
      const id = JSON.stringify([partition, tap.room_id, tap.user_id, tap.event_id]);
      const age = now - (seen.get(id) ?? -Infinity);
      if (age < ID_MS) continue;
      if (age < 2 * ID_MS) throw new Error(`it is not specified whether a copy counts after ${age} ms`);
      seen.set(id, now);
    }
    const [sent, received] = [Date.parse(tap.timestamp), Date.parse(tap.received_at)];
    const start = Math.floor(Math.min(sent, received) / WINDOW_MS) * WINDOW_MS;
    const key = received - sent > WATERMARK_MS ? 'late' : `${start} ${tap.emoji_type}`;
    const counts = rooms.get(tap.room_id) ?? new Map<string, number>();
    rooms.set(tap.room_id, counts.set(key, (counts.get(key) ?? 0) + tap.count));
  }
  return rooms;
};

/** A room's taps by emoji, summed over all windows. */
export const totalsOf = (counts: Counts): Map<string, number> => {
  const totals = new Map<string, number>();
  for (const [key, taps] of counts) {
    const [, emoji] = key.split(' ');
    if (emoji !== undefined) totals.set(emoji, (totals.get(emoji) ?? 0) + taps);
  }
  return totals;
};
