import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createHttpServer } from './http-server.ts';

let server: Server;
afterEach(() => server.close().closeAllConnections());

/** The client's address that a function sees. */
const sourceOf = async (proxies: number, forwarded?: string): Promise<string> => {
  const routes = {
    'GET /': ({ requestContext }: { requestContext: { http: { sourceIp: string } } }) =>
      Promise.resolve({ body: requestContext.http.sourceIp }),
  };
  server = createHttpServer({ routes, origins: [], proxies }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const headers = forwarded === undefined ? undefined : { 'x-forwarded-for': forwarded };
  const { port } = server.address() as AddressInfo;
  return (await fetch(`http://127.0.0.1:${port}/`, headers && { headers })).text();
};

test.each([
  [0, '203.0.113.1', '127.0.0.1'],
  [1, '203.0.113.1', '203.0.113.1'],
  [1, 'forged, 203.0.113.1', '203.0.113.1'],
  [2, 'forged, 203.0.113.1, 198.51.100.7', '203.0.113.1'],
  [1, undefined, '127.0.0.1'],
  [2, '203.0.113.1', '127.0.0.1'],
])('behind %i proxies with X-Forwarded-For "%s" the client is %s', async (proxies, forwarded, source) => {
  expect(await sourceOf(proxies, forwarded)).toBe(source);
});
