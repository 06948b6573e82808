import { httpHandler } from '../lib/adapters/http.ts';
import { clientAddressOf } from '../lib/adapters/client-address.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { demandAll, demandScope } from '../lib/usecases/authorization.ts';
import { parse } from '../lib/usecases/parse.ts';
import { deps } from '../lib/deps.ts';
import { ANYBODY } from '../lib/domain/access.ts';
import { roomQuery } from '../lib/domain/reaction.ts';
import { scale, windowSpan, type WindowCounts } from '../lib/domain/frame.ts';
import type { Logger } from '../lib/log.ts';
import type { Authenticator, CountStore } from '../lib/ports.ts';

interface Deps {
  auth: Authenticator;
  admission: Pick<Admission, 'view'>;
  /** No token is required; a CDN may cache the answer. */
  isPublic: boolean;
  counts: Pick<CountStore, 'snapshot'>;
  windowMs: number;
  ratio: number;
  /** Where viewers connect by WebSocket; the answer names it. */
  socketUrl: string;
  log: Logger;
}

/** `GET /live?room_id=`: the newest windows and the totals of a room, cacheable for a second. */
export const createHandler = ({ auth, admission, isPublic, counts: store, windowMs, ratio, socketUrl, log }: Deps) => {
  const caching = isPublic
    ? { 'cache-control': 'public, max-age=1' }
    : { 'cache-control': 'private, max-age=1', vary: 'authorization' };
  const counts = (taps: ReadonlyMap<string, number>) =>
    [...taps].map(([emoji_type, raw_count]) => ({ emoji_type, raw_count, scaled_count: scale(raw_count, ratio) }));
  const toWindow = ({ start, final, counts: taps }: WindowCounts) => ({
    ...windowSpan(start, windowMs),
    final,
    counts: counts(taps),
  });

  return httpHandler(log, async (event) => {
    const caller = isPublic ? ANYBODY : await auth.authenticate(event.headers.authorization);
    demandScope(caller, 'watch');
    const { room_id } = parse(roomQuery, event.queryStringParameters ?? {}, 'Invalid query');
    demandAll(caller, [{ room_id }]);
    // Requests for arbitrary rooms bypass every cache, so they are limited.
    await admission.view(clientAddressOf(event));
    const room = await store.snapshot(room_id);
    return {
      status: 200,
      headers: caching,
      body: {
        room_id,
        window_ms: windowMs,
        aggregation_ratio: ratio,
        windows: room.windows.map(toWindow),
        totals: counts(room.totals),
        late: room.late,
        socket_url: socketUrl,
      },
    };
  });
};

export const handler = createHandler({
  auth: deps.auth,
  admission: deps.admission,
  isPublic: deps.config.AUTH_MODE === 'open' || deps.config.LIVE_PUBLIC === 'true',
  counts: deps.counts,
  windowMs: deps.windowSettings.windowMs,
  ratio: deps.config.AGGREGATION_RATIO,
  socketUrl: deps.config.WEBSOCKET_ENDPOINT.replace(/^http/, 'ws'),
  log: deps.log.child('live'),
});
