import { UPDATE_TOPIC } from '../config/topics.ts';
import { toFrames, type RoomCounts } from '../domain/frame.ts';
import type { RecordLog } from '../ports.ts';
import { appendAll } from './append-all.ts';

/**
 * Publishes the counts of rooms to `main_emoji_topic`, one record per room, keyed by room. Rooms without a changed window
 * (they had only late taps) are skipped.
 */
export const publishCounts = (
  records: RecordLog,
  rooms: readonly RoomCounts[],
  settings: { windowMs: number; ratio: number },
  now: number,
): Promise<void> =>
  appendAll(
    records,
    UPDATE_TOPIC,
    rooms
      .filter(({ windows }) => windows.length > 0)
      .flatMap((room) =>
        toFrames(room, settings, now).map((frame) => ({ key: room.room, value: JSON.stringify(frame) })),
      ),
  );
