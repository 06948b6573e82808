import { UPDATE_TOPIC } from '../config/topics.ts';
import { toFrames, type RoomCounts } from '../domain/frame.ts';
import type { RecordLog } from '../ports.ts';
import { appendAll } from './append-all.ts';

/** Publishes what rooms have become to everyone behind `main_emoji_topic`: one record a room, keyed by it. */
export const publishCounts = (
  records: RecordLog,
  rooms: readonly RoomCounts[],
  settings: { windowMs: number; ratio: number },
  now: number,
): Promise<void> =>
  appendAll(
    records,
    UPDATE_TOPIC,
    rooms.flatMap((room) =>
      toFrames(room, settings, now).map((frame) => ({ key: room.room, value: JSON.stringify(frame) })),
    ),
  );
