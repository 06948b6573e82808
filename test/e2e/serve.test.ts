import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exchange, openSocket } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { apiContract } from './api-contract.ts';
import { sum, tapFor } from './crowd.ts';
import { platformForTests, tap } from './fixture.ts';
import { liveTotals } from './live.ts';
import { startServer, type ApiServer } from './api-server.ts';
import type { SharedPlatform } from './shared-platform.ts';

let platform: SharedPlatform;
platformForTests((started) => (platform = started));

let server: ApiServer;
beforeAll(async () => {
  server = await startServer(['--data-dir', platform.dataDir]);
});
afterAll(() => server?.stop());

apiContract(() => server.url);

const metrics = async () => (await fetch(server.metricsUrl)).text();

test('taps are counted as those of the functions are, and the metrics of all processes are added up', async () => {
  const taps = await tapFor(server.url, { ms: 2000, perSecond: 100, rooms: ['served'] });
  expect(sum(taps.unknown)).toBe(0);
  await until('all taps are counted', async () => sum(await liveTotals(server.url, ['served'])) >= sum(taps.answered));
  expect(await liveTotals(platform.url, ['served'])).toEqual(taps.answered);
  const found = /^emoji_http_requests_total\{route="POST \/emoji",status="200"\} (\d+)$/m.exec(await metrics());
  expect(Number(found?.[1])).toBeGreaterThanOrEqual(sum(taps.answered));
});

test.each([
  ['GET', '/nothing', 404],
  ['PUT', '/emoji', 404],
  ['DELETE', '/register/%zz', 400],
  ['DELETE', '/register/a/b', 404],
])('%s %s is answered %i', async (method, path, status) => {
  const answer = await fetch(`${server.url}${path}`, { method });
  expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([status, ['error']]);
});

test('a body that is not UTF-8 is answered 400, and a request that breaks off harms nobody', async () => {
  const head = 'POST /emoji HTTP/1.1\r\nhost: localhost\r\ncontent-length: ';
  expect(
    await exchange(server.url, [`${head}4\r\n\r\n`, Buffer.from([0x22, 0xff, 0xff, 0x22])], { enough: /UTF-8/ }),
  ).toMatch(/^HTTP\/1.1 400/);
  (await openSocket(server.url)).end(`${head}400\r\n\r\n{"user_id`);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

describe('CORS', () => {
  const headersFor = async (origin: string, method: string) => {
    const { status, headers } = await fetch(`${server.url}/live`, { method, headers: { origin } });
    return { status, origin: headers.get('access-control-allow-origin'), vary: headers.get('vary') };
  };

  test.each(['OPTIONS', 'GET'])('%s: only configured origins may call the API', async (method) => {
    const status = method === 'OPTIONS' ? 204 : 200;
    const origin = 'http://localhost:8080';
    expect(await headersFor(origin, method)).toEqual({ status, origin, vary: 'origin' });
    expect(await headersFor('https://evil.example', method)).toEqual({ status, origin: null, vary: 'origin' });
  });
});

test('a process that is killed is replaced', async () => {
  process.kill(server.pids[0] ?? 0, 'SIGKILL');
  await until('it is replaced', () => server.output().includes(`process ${server.pids[0]} has ended (SIGKILL)`));
  await until('another one starts', () => /process \d+ is starting/.test(server.output()));
  await until('a tap is accepted', () =>
    fetch(`${server.url}/emoji`, { method: 'POST', body: JSON.stringify(tap({ room_id: 'served' })) }).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
});

test('after SIGTERM requests under way are answered, then it ends', async () => {
  const body = Buffer.from(JSON.stringify(tap({ room_id: 'drained' })));
  const socket = await openSocket(server.url);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => (received += String(chunk)));
  const answered = once(socket, 'end');
  // The answer "100 Continue" shows that the request is under way.
  const head = ['POST /emoji HTTP/1.1', 'host: localhost', `content-length: ${body.length}`, 'expect: 100-continue'];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await until('the request is under way', () => received.startsWith('HTTP/1.1 100'));
  const ended = server.stop();
  await until('connections are refused', () =>
    fetch(`${server.url}/health`).then(
      () => false,
      () => true,
    ),
  );
  socket.write(body);
  await answered;
  socket.destroy();
  expect(received).toMatch(/HTTP\/1.1 200 OK\r\n/);
  expect(received).toMatch(/\r\nconnection: close\r\n/i);
  expect(await ended).toBe(0);
});
