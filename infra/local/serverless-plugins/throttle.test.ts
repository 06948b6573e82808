import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../../test/support/until.ts';
import LocalThrottle from './throttle.js';

const MAX_OPEN = 500;
let held: ServerResponse[];
let servers: Server[];
/** A server whose answers are given by the test. */
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

test('requests above the limit are answered 503, and accepted again when others have been answered', async () => {
  const port = await listen();
  throttle(port);
  const first = get(port); // the plugin finds the server with the first request
  await until('the request has arrived', () => held.length === 1);
  held[0]?.end();
  await first;

  const taken = Array.from({ length: MAX_OPEN }, () => get(port));
  await until('all requests have arrived', () => held.length === 1 + MAX_OPEN);
  const refused = await get(port);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toEqual({ error: 'Too many requests are open: try again in a second' });

  for (const response of held) response.end();
  for (const answer of await Promise.all(taken)) expect(answer.status).toBe(200);
  const again = get(port);
  await until('the new request has arrived', () => held.length === 2 + MAX_OPEN);
  held.at(-1)?.end();
  expect((await again).status).toBe(200);
});

test('other servers of the process are not affected', async () => {
  const [port, other] = [await listen(), await listen()];
  throttle(port);
  const all = Array.from({ length: MAX_OPEN + 20 }, () => get(other));
  await until('all requests have arrived', () => held.length === MAX_OPEN + 20);
  for (const response of held) response.end();
  for (const answer of await Promise.all(all)) expect(answer.status).toBe(200);
});

test('idle connections are kept for longer than clients keep them, so that no request meets a closed one', async () => {
  const port = await listen();
  throttle(port);
  const answered = async (n: number) => {
    const answer = get(port);
    await until('the request has arrived', () => held.length === n);
    held.at(-1)?.end();
    return answer;
  };
  await answered(1); // the plugin finds the server with the first request
  expect((await answered(2)).headers.get('keep-alive')).toBe('timeout=65');
});
