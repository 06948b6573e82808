import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../e2e/viewer.ts';
import { between } from '../support/random.ts';
import type { Fault } from './fault.ts';

/** A client that misbehaves. The fault ends when it is unregistered; the other clients must miss nothing. */
const badViewer = (name: string, connected: (socket: Socket) => void, after?: (server: Server) => void): Fault => ({
  name,
  on: 'single',
  share: 3,
  async run({ platform, random, rooms, heals }) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      connected(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client_id = `bad-${rooms[0]}`;
    const registered = { client_id, host: '127.0.0.1', port, room_id: rooms[0] };
    const { status } = await post(`${platform.url}/register`, registered);
    if (status !== 200) throw new Error(`the client was not registered: ${status}`);
    await sleep(between(random, 1000, 3000));
    after?.(server);
    if (after) for (const socket of sockets) socket.destroy();
    await sleep(between(random, 2000, 4000));
    heals();
    await fetch(`${platform.url}/register/${client_id}`, { method: 'DELETE' });
    for (const socket of sockets) socket.destroy();
    server.close();
  },
});

export const viewerFaults: readonly Fault[] = [
  badViewer(
    'client killed',
    (socket) => socket.resume(),
    (server) => server.close(),
  ),
  badViewer('client that reads nothing', (socket) => socket.pause()),
  badViewer('client that answers RST', (socket) => socket.resetAndDestroy()),
];
