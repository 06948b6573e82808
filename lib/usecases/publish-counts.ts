import { UPDATE_TOPIC } from '../config/topics.ts';
import { toFrames, type RoomCounts } from '../domain/frame.ts';
import type { RecordLog } from '../ports.ts';
import { appendAll } from './append-all.ts';

/**
 * Publishes what rooms have become to everyone behind `main_emoji_topic`: one record a room, keyed by it. Of a room in
 * which no window was touched, as by late taps alone, there is nothing to say.
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
