import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../../test/support/until.ts';
import LocalThrottle from './throttle.js';

const MAX_OPEN = 500;
let held: ServerResponse[];
let servers: Server[];
/** A server that answers when it is told to. */
const listen = async () => {
  const server = createServer((_request, response) => void held.push(response));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
beforeEach(() => {
  held = [];
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections();
});
const get = (port: number) => fetch(`http://127.0.0.1:${port}/`);
const throttle = (port: number) =>
  new LocalThrottle({ service: { custom: {} } }, { httpPort: String(port) }).hooks['before:offline:start:init']();

test('beyond the bound requests are answered 503 at once, and taken again as soon as others are answered', async () => {
  const port = await listen();
  throttle(port);
  const first = get(port); // by it the server is known
  await until('it is there', () => held.length === 1);
  held[0]?.end();
  await first;

  const taken = Array.from({ length: MAX_OPEN }, () => get(port));
  await until('they are there', () => held.length === 1 + MAX_OPEN);
  const refused = await get(port);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toEqual({ error: 'Too many requests are open: try again in a second' });

  for (const response of held) response.end();
  for (const answer of await Promise.all(taken)) expect(answer.status).toBe(200);
  const again = get(port);
  await until('it is taken', () => held.length === 2 + MAX_OPEN);
  held.at(-1)?.end();
  expect((await again).status).toBe(200);
});

test('other servers of the process are left alone', async () => {
  const [port, other] = [await listen(), await listen()];
  throttle(port);
  const all = Array.from({ length: MAX_OPEN + 20 }, () => get(other));
  await until('all are there', () => held.length === MAX_OPEN + 20);
  for (const response of held) response.end();
  for (const answer of await Promise.all(all)) expect(answer.status).toBe(200);
});
