import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/** Sends all data back. */
let echo: Server;
let received = '';
let proxy: TcpProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  received = '';
  echo = createServer((socket) => {
    socket.on('error', () => undefined).on('data', (data) => (received += String(data)));
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await tcpProxy((echo.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  echo.close();
});

const open = ({ port } = proxy) => {
  const socket = connect(port, '127.0.0.1');
  clients.push(socket);
  const seen = { text: '', error: '' };
  socket.on('data', (data) => (seen.text += String(data)));
  socket.on('error', (error: NodeJS.ErrnoException) => (seen.error = error.code ?? ''));
  return { socket, seen };
};

test('forwards data in both directions', async () => {
  const { socket, seen } = open();
  socket.write('one ');
  socket.write('two');
  await until('the answer arrives', () => seen.text === 'one two');
});

test('refuse resets open and new connections; heal accepts connections again', async () => {
  const first = open();
  first.socket.write('x');
  await until('the connection is open', () => first.seen.text === 'x');
  proxy.refuse();
  const second = open();
  await until('both are reset', () => first.seen.error === 'ECONNRESET' && second.seen.error === 'ECONNRESET');
  proxy.heal();
  const third = open();
  third.socket.write('y');
  await until('the connection is open', () => third.seen.text === 'y');
});

test('swallow holds all data without an error; after heal the data arrive', async () => {
  const { socket, seen } = open();
  socket.write('a');
  await until('the connection is open', () => seen.text === 'a');
  proxy.swallow();
  socket.write('b');
  const late = open();
  late.socket.write('c');
  await sleep(200); // long enough for the data to arrive
  expect([seen, late.seen]).toEqual([
    { text: 'a', error: '' },
    { text: '', error: '' },
  ]);
  proxy.heal();
  await until('the rest arrives', () => seen.text === 'ab' && late.seen.text === 'c');
});

test('swallow also holds delayed data until heal', async () => {
  const { socket, seen } = open();
  socket.write('a');
  await until('the connection is open', () => seen.text === 'a');
  proxy.delay(500);
  socket.write('b');
  await until('the answer is on its way back', () => received === 'ab');
  proxy.swallow();
  await sleep(700); // long enough for the data to arrive
  expect(seen.text).toBe('a');
  proxy.heal();
  await until('the rest arrives', () => seen.text === 'ab');
});

test.each(['cut', 'stay'] as const)('moveTo sends new connections to another port; open ones: %s', async (what) => {
  const other = createServer((socket) => void socket.on('error', () => undefined).end('other')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const before = open();
  before.socket.write('x');
  await until('the connection is open', () => before.seen.text === 'x');
  proxy.moveTo((other.address() as AddressInfo).port, what);
  const after = open();
  await until('the other server answers', () => after.seen.text === 'other');
  if (what === 'cut') await until('the connection is cut', () => before.seen.error === 'ECONNRESET');
  else {
    before.socket.write('y');
    await until('the first server still answers', () => before.seen.text === 'xy');
  }
  other.close();
});

test('with `concerns` only connections with matching data are disturbed', async () => {
  const some = await tcpProxy((echo.address() as AddressInfo).port, { concerns: (data) => data.includes('mark') });
  const [marked, plain] = [open(some), open(some)];
  marked.socket.write('mark');
  await until('the connection is open', () => marked.seen.text === 'mark');
  some.swallow();
  for (const { socket } of [marked, plain]) socket.write('1');
  await until('the other connection works', () => plain.seen.text === '1');
  await sleep(200); // long enough for the data to arrive
  expect(marked.seen.text).toBe('mark');
  await some.close();
});

test('delay delays each direction and keeps the order', async () => {
  const { socket, seen } = open();
  proxy.delay(100);
  const began = performance.now();
  for (const part of ['1', '2', '3']) socket.write(part);
  await until('the answer arrives', () => seen.text === '123');
  expect(performance.now() - began).toBeGreaterThan(190);
});
