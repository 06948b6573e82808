import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { until } from '../../test/support/until.ts';
import { type LineServer, listenForLines } from './line-server.ts';

let server: LineServer | undefined;
afterEach(() => server?.close());

const dial = async (port: number) => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

test('lines are complete, however the data is divided into chunks', async () => {
  const lines: string[] = [];
  server = await listenForLines('127.0.0.1', 0, (line) => lines.push(line));
  const socket = await dial(server.port);
  socket.setNoDelay(true);
  for (const byte of Buffer.from('🔥 one\n❤️ two\n')) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  expect(await until('both lines have arrived', () => lines.length === 2 && lines)).toEqual(['🔥 one', '❤️ two']);
  socket.destroy();
});

test('a sender of endless data without a line break is disconnected', async () => {
  server = await listenForLines('127.0.0.1', 0, () => undefined);
  const socket = await dial(server.port);
  socket.on('error', () => undefined); // the reset of the connection
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write('x'.repeat(200_000));
  await closed;
});

test('a request of a web page is not shown as an update', async () => {
  const lines: string[] = [];
  server = await listenForLines('127.0.0.1', 0, (line) => lines.push(line));
  const url = `http://127.0.0.1:${server.port}/`;
  await expect(fetch(url, { method: 'POST', body: '{"room_id":"forged"}\n'.repeat(3) })).rejects.toThrow();
  expect(lines).toEqual([]);
});

test('the error for a taken port says what to do', async () => {
  server = await listenForLines('127.0.0.1', 0, () => undefined);
  const { port } = server;
  await expect(listenForLines('127.0.0.1', port, () => undefined)).rejects.toThrow(
    `Port ${port} is taken by another program: stop that program, or use another port: --port ${port + 1}`,
  );
});
