import { connectHandler } from '../lib/adapters/websocket/events.ts';
import { deps } from '../lib/deps.ts';
import { roomQuery } from '../lib/domain/reaction.ts';
import type { Logger } from '../lib/log.ts';
import type { Authenticator } from '../lib/ports.ts';
import { demandOrigin } from '../lib/usecases/authorization.ts';
import { parse } from '../lib/usecases/parse.ts';
import type { Viewers } from '../lib/usecases/viewers.ts';

interface Deps {
  auth: Authenticator;
  viewers: Pick<Viewers, 'connect'>;
  /** Origins of web pages that may connect. */
  origins: readonly string[];
  log: Logger;
}

/** WebSocket `$connect`: accepts and registers a connection, which gets the frames of its room from then on. */
export const createHandler = ({ auth, viewers, origins, log }: Deps) =>
  connectHandler(log, async ({ connection, address, origin, authorization, query }) => {
    demandOrigin(origins, origin);
    const caller = await auth.authenticate(authorization);
    const { room_id } = parse(roomQuery, query, 'Invalid query');
    await viewers.connect(caller, address, connection, room_id);
  });

export const handler = createHandler({
  auth: deps.auth,
  viewers: deps.viewers,
  origins: deps.config.CORS_ORIGINS,
  log: deps.log.child('socket-connect'),
});
