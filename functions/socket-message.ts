import { messageHandler } from '../lib/adapters/websocket/events.ts';
import { deps } from '../lib/deps.ts';
import type { Logger } from '../lib/log.ts';
import { createTakeTaps, type TapPorts } from '../lib/usecases/take-taps.ts';
import type { Viewers } from '../lib/usecases/viewers.ts';

interface Deps extends TapPorts {
  viewers: Pick<Viewers, 'callerOf' | 'watch' | 'refresh'>;
  log: Logger;
}

/** WebSocket `$default`: answers a message of a client (`lib/domain/socket-message.ts`). */
export const createHandler = ({ viewers, log, ...ports }: Deps) => {
  const takeTaps = createTakeTaps(ports);
  return messageHandler(log, async ({ connection, address, message }) => {
    switch (message.type) {
      case 'room':
        return viewers.watch(connection, address, message.room_id);
      case 'ping':
        return { type: 'pong', room_id: await viewers.refresh(connection, address) };
      case 'tap': {
        const { type: _type, id, ...body } = message;
        const { accepted } = await takeTaps(await viewers.callerOf(connection), address, body);
        return {
          ...{ type: 'ack', status: 200 },
          ...(id === undefined ? {} : { id }),
          ...(accepted === undefined ? {} : { accepted }),
        };
      }
    }
  });
};

export const handler = createHandler({
  ...deps.tapPorts,
  viewers: deps.viewers,
  log: deps.log.child('socket-message'),
});
