import { httpHandler, parse } from '../lib/adapters/http.ts';
import { deps } from '../lib/deps.ts';
import { DEFAULT_ROOM, roomId } from '../lib/domain/reaction.ts';
import { scale, windowSpan, type WindowTotals } from '../lib/domain/update.ts';
import type { Logger } from '../lib/log.ts';
import type { WindowStore } from '../lib/ports.ts';
import { z } from 'zod';

interface Deps {
  windows: Pick<WindowStore, 'snapshot'>;
  windowMs: number;
  ratio: number;
  log: Logger;
}

const NEWEST_WINDOWS = 10;
const querySchema = z.object({ room_id: roomId.default(DEFAULT_ROOM) });

/** `GET /live?room_id=`: the newest windows and the totals of a room, the same for every caller for a second. */
export const createHandler = ({ windows, windowMs, ratio, log }: Deps) => {
  const counts = (taps: ReadonlyMap<string, number>) =>
    [...taps].map(([emoji_type, raw_count]) => ({ emoji_type, raw_count, scaled_count: scale(raw_count, ratio) }));
  const toWindow = ({ start, final, counts: taps }: WindowTotals) => ({
    ...windowSpan(start, windowMs),
    final,
    counts: counts(taps),
  });

  return httpHandler(log, async (event) => {
    const { room_id } = parse(querySchema, event.queryStringParameters ?? {}, 'Invalid query');
    const room = await windows.snapshot(room_id, NEWEST_WINDOWS);
    return {
      status: 200,
      headers: { 'cache-control': 'public, max-age=1' },
      body: {
        room_id,
        window_ms: windowMs,
        aggregation_ratio: ratio,
        windows: room.windows.map(toWindow),
        totals: counts(room.totals),
        late: room.late,
      },
    };
  });
};

export const handler = createHandler({
  windows: deps.windows,
  windowMs: deps.windowSettings.windowMs,
  ratio: deps.config.AGGREGATION_RATIO,
  log: deps.log.child('live'),
});
