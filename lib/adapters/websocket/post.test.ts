import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createPost } from './post.ts';

let server: Server;
let answers: number[];
let requests: { url: string | undefined; body: string; signed: boolean }[];
beforeEach(async () => {
  answers = [];
  requests = [];
  server = createServer((request, response) => {
    const { url, headers } = request;
    void text(request).then((body) => {
      requests.push({ url, body, signed: headers.authorization !== undefined });
      const status = answers.shift();
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => server.close().closeAllConnections());

const post = (timeoutMs = 5000) =>
  createPost({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prod`,
    ...{ concurrency: 2, timeoutMs, isLocal: true },
  });

test.each([
  [200, 'sent'],
  [204, 'sent'],
  [410, 'gone'],
  [429, 'throttled'],
  [403, 'refused'],
  [413, 'refused'],
  [500, 'failed'],
])('a post that is answered %i is %s', async (status, outcome) => {
  answers = [status];
  expect(await post()('L0SM9cOFvHcCIhw=', Buffer.from('{"🔥":1}'))).toMatchObject({ outcome });
  expect(requests).toEqual([{ url: '/prod/@connections/L0SM9cOFvHcCIhw%3D', body: '{"🔥":1}', signed: true }]);
});

test('a post that is not answered in time, or by nobody, has failed', async () => {
  expect(await post(50)('id', Buffer.from('x'))).toMatchObject({ outcome: 'failed' });
  const lost = post();
  server.closeAllConnections();
  server.close();
  expect(await lost('id', Buffer.from('x'))).toMatchObject({ outcome: 'failed' });
});
