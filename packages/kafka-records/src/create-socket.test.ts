import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createSocket } from './create-socket.ts';

test('a closed socket gets no listeners, however often kafkajs closes it again', async () => {
  const server = createServer((connection) => connection.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = createSocket({ host: '127.0.0.1', port, ssl: undefined as never, onConnect: () => undefined });
  socket.resume();
  await once(socket, 'close');
  server.close();
  const before = socket.listenerCount('connect');
  for (let n = 0; n < 20; n++) socket.unref();
  expect(socket.listenerCount('connect')).toBe(before);
});
