import type { LoggedReaction } from '../../lib/domain/counting.ts';
import { partitionOf, spansOf, type StreamRecord } from '../../lib/domain/stream.ts';
import type { TapBatch } from '../../lib/usecases/apply-taps.ts';

interface TapOptions {
  room?: string;
  emoji?: string;
  /** ms since the epoch */
  at?: number;
  receivedAt?: number;
  count?: number;
  partition?: number;
  user?: string;
  /** When the broker appended it (ms); 0 = unknown. */
  appended?: number;
  /** event_id */
  id?: string;
}

/** A tap as aggregate sees it, at an offset of a partition of `emoji_topic`. */
export const tap = (
  offset: number,
  {
    room = 'global',
    emoji = '🔥',
    at = 0,
    receivedAt = at,
    count = 1,
    partition = 0,
    user = 'u',
    appended = 0,
    id,
  }: TapOptions = {},
): LoggedReaction => ({
  topicPartition: `emoji_topic-${partition}`,
  offset,
  appended,
  reaction: {
    user_id: user,
    emoji_type: emoji,
    timestamp: new Date(at).toISOString(),
    received_at: new Date(receivedAt).toISOString(),
    room_id: room,
    count,
    ...(id === undefined ? {} : { event_id: id }),
  },
});

/** A batch of these taps, each in its own record. `timestamp` (ms) is that of every record. */
export const tapBatch = (taps: readonly LoggedReaction[], timestamp = 0): TapBatch => {
  const records = taps.map(({ topicPartition, offset, appended, reaction }): StreamRecord => ({
    topic: topicPartition.slice(0, topicPartition.lastIndexOf('-')),
    partition: partitionOf(topicPartition),
    offset,
    timestamp: appended || timestamp,
    isAppendTime: appended > 0,
    value: Buffer.from(JSON.stringify(reaction)),
  }));
  return { records, taps, spans: spansOf(records) };
};
