import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import HeadersAsSent from './headers.js';

let server: Server;
let seen: { headers: IncomingHttpHeaders; rawHeaders: string[] };
beforeEach(async () => {
  server = createServer((request, response) => {
    seen = { headers: request.headers, rawHeaders: request.rawHeaders };
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close().closeAllConnections();
});

const send = async (headers: Record<string, string>) => {
  const { port } = server.address() as AddressInfo;
  new HeadersAsSent({ service: { custom: {} } }, { httpPort: String(port) }).hooks['before:offline:start:init']();
  await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: '{}' });
};

test.each(['a={"b":1}', 'x=a,b', '=x; a b=c', '__proto__=1', 'a=1; a=2', 'ü=\\'])(
  'the cookie %s is hidden from the server but not from the function',
  async (cookie) => {
    const bytes = Buffer.from(cookie).toString('latin1');
    await send({ cookie: bytes });
    expect(seen.headers).not.toHaveProperty('cookie');
    expect(seen.rawHeaders).toContain(bytes);
  },
);

test.each([
  ['application/json, application/json', 'application/json'],
  [';;;', 'application/json'],
  ['json', 'application/json'],
  ['multipart/form-data', 'application/octet-stream'],
  ['application/json; charset=utf-8; charset=latin1', 'application/json'],
  ['Application/Octet-Stream', 'application/octet-stream'],
])('the server sees the content type %s as %s', async (type, understood) => {
  await send({ 'content-type': type });
  expect(seen.headers['content-type']).toBe(understood);
  expect(seen.rawHeaders).toContain(type);
});
