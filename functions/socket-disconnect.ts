import { disconnectHandler } from '../lib/adapters/websocket/events.ts';
import { deps } from '../lib/deps.ts';
import type { Logger } from '../lib/log.ts';
import type { Viewers } from '../lib/usecases/viewers.ts';

interface Deps {
  viewers: Pick<Viewers, 'leave'>;
  log: Logger;
}

/** WebSocket `$disconnect`: unregisters a connection. AWS does not always call it; see `docs/viewers.md`. */
export const createHandler = ({ viewers, log }: Deps) =>
  disconnectHandler(log, (connection) => viewers.leave(connection));

export const handler = createHandler({ viewers: deps.viewers, log: deps.log.child('socket-disconnect') });
