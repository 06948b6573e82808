import { stripVTControlCharacters } from 'node:util';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import type { Registration } from '../../lib/domain/registration.ts';
import { type HttpServer, type Received, serveHttp } from '../support/http-server.ts';
import { printed, scriptProcesses, scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';

const { start } = scripts();
const { start: startProcess } = scriptProcesses();
let server: HttpServer;
let requests: Received[];
/** The answers to the next registrations, instead of 200. */
let rejections: { status: number; body: unknown }[];

beforeEach(async () => {
  requests = [];
  rejections = [];
  server = await serveHttp((request) => {
    requests.push(request);
    if (request.method === 'DELETE') return { status: 200 };
    return rejections.shift() ?? { status: 200, body: { message: 'ok', cluster_id: 1, subscriber_id: 2 } };
  });
});
afterEach(() => server.close());

const registrations = () =>
  requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as Registration);

const dial = async (): Promise<Socket> => {
  const { port } = await until('the client registers', () => registrations()[0]);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

const update = (start: number, emoji_type: string, raw_count: number, room_id = 'r') =>
  JSON.stringify({
    room_id,
    start: new Date(start).toISOString(),
    end: new Date(start + 2000).toISOString(),
    emoji_type,
    raw_count,
    scaled_count: 1,
    aggregation_ratio: 1000,
    window_ms: 2000,
    total_count: raw_count,
  });

const client = (...args: string[]) => start('client', ['--port', '0', '--room', 'r', '--url', server.url, ...args]);

test('keeps the stage of --url in the paths of its calls', async () => {
  const script = client('--id', 'viewer', '--url', `${server.url}/prod`);
  await until('the client registers', () => registrations()[0]);
  script.kill('SIGINT');
  await script.ended;
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /prod/register',
    'DELETE /prod/register/viewer',
  ]);
});

test('--json prints each update as a line of JSON and the totals at the end; the client unregisters', async () => {
  const script = client('--json', '--id', 'viewer', '--cluster', '1');
  const socket = await dial();
  expect(registrations()[0]).toMatchObject({ client_id: 'viewer', host: 'localhost', room_id: 'r', cluster_id: 1 });
  const lines = [
    update(0, '🔥', 3),
    update(0, '🔥', 5),
    update(0, '🔥', 5),
    update(2000, '🔥', 1),
    update(2000, '❤️', 7),
  ];
  socket.write(`${lines.join('\n')}\nnot JSON\n${update(0, '🔥', 99, 'other')}\n${update(4000, '👏', 1)}\n`);
  await printed(script, 'stdout', '👏');
  script.kill('SIGINT');
  const { code, stdout, stderr } = await script.ended;
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toEqual([
    ...lines,
    update(4000, '👏', 1),
    JSON.stringify({ totals: { '🔥': 6, '❤️': 7, '👏': 1 } }),
  ]);
  expect(stderr).toContain('not an update: not JSON');
  expect(requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/register/viewer' });
  socket.destroy();
});

test('without --json it prints emoji, count of the window and total, and only changed counts', async () => {
  const script = client();
  const socket = await dial();
  for (const line of [update(0, '🔥', 3), update(0, '🔥', 3), update(2000, '🔥', 1200)]) socket.write(`${line}\n`);
  await printed(script, 'stdout', '1,200 in the window');
  script.kill('SIGINT');
  const { stdout } = await script.ended;
  expect(stdout).toMatch(
    /🔥 +3 in the window +3 in total\n.*🔥 +1,200 in the window +1,203 in total\nin total: 🔥 1,203\n/,
  );
  expect(stdout.match(/in the window/g)).toHaveLength(2);
  socket.destroy();
});

/** Makes the script take its output for a terminal. */
const TERMINAL = { NODE_OPTIONS: '--import=data:text/javascript,process.stdout.isTTY=true' };
const UP = '\x1b[1A';

test('on a terminal it redraws a table in place, and prints the totals at the end', async () => {
  const script = startProcess('client', ['--port', '0', '--room', 'r', '--url', server.url], TERMINAL);
  const socket = await dial();
  socket.write(`${update(0, '🔥', 3)}\n`);
  await printed(script, 'stdout', /🔥 +3 +3 +█/);
  for (const line of [update(2000, '🔥', 1200), update(2000, '❤️', 600)]) socket.write(`${line}\n`);
  await printed(script, 'stdout', /🔥 +1,200 +1,203 +█{24}/);
  expect(script.stdout()).toContain(UP);
  expect(script.stdout()).not.toContain('in the window  1');
  script.kill('SIGINT');
  const { code, stdout } = await script.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/❤️ +600 +600 +█{12}(?!█)/);
  expect(stripVTControlCharacters(stdout).trimEnd().split('\n').at(-1)).toBe('in total: 🔥 1,203  ❤️ 600');
  socket.destroy();
});

test('retries the registration until it succeeds, and registers again before its TTL ends', async () => {
  rejections = [
    { status: 503, body: { error: 'Redis does not answer' } },
    { status: 500, body: {} },
  ];
  const script = client('--ttl-refresh', '0.1');
  await until('five registrations', () => registrations().length >= 5);
  expect(new Set(registrations().map(({ client_id, port }) => `${client_id} ${port}`)).size).toBe(1);
  expect(script.stderr()).toMatch(/answered 503: Redis does not answer; trying again in 0\.\d s/);
  expect(script.stderr().match(/is registered for room r/g)).toHaveLength(1);
  script.kill('SIGTERM');
  expect((await script.ended).code).toBe(0);
});

test('retries while the platform does not answer', async () => {
  const { url } = server;
  await server.close();
  const script = client('--url', url);
  await printed(script, 'stderr', 'no answer from .* \\(ECONNREFUSED\\); trying again');
  server = await serveHttp(
    (request) => {
      requests.push(request);
      return { status: 200, body: { cluster_id: 0, subscriber_id: 0 } };
    },
    Number(new URL(url).port),
  );
  await printed(script, 'stderr', 'is registered');
  script.kill('SIGINT');
  expect((await script.ended).code).toBe(0);
});

test('a permanent rejection ends the client with the platform’s message', async () => {
  const details = [{ path: 'host', message: 'must be a host to which updates may be delivered' }];
  rejections = [{ status: 400, body: { error: 'Invalid registration', details } }];
  const { code, stderr } = await client().ended;
  expect(stderr).toBe(
    `Not registered: ${server.url} answered 400: Invalid registration; host must be a host to which updates may be delivered.\n`,
  );
  expect(code).toBe(1);
  expect(registrations()).toHaveLength(1);
});

test('an invalid option ends with an error that names it, and nothing is registered', async () => {
  const { code, stderr } = await client('--room', 'a b').ended;
  expect(stderr).toMatch(/^--room should not hold white space, braces or invisible characters, not "a b"\. See: /);
  expect(code).toBe(2);
  expect(requests).toEqual([]);
});

test('with a token the client id begins with the user id, and every call has the token', async () => {
  const token = await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('u1').sign(new Uint8Array(32));
  const script = start('client', ['--port', '0', '--url', server.url], { EMOJI_TOKEN: token });
  const { client_id } = await until('the client registers', () => registrations()[0]);
  expect(client_id).toMatch(/^u1:.+-\d+$/);
  await printed(script, 'stderr', 'is registered');
  script.kill('SIGINT');
  expect((await script.ended).code).toBe(0);
  expect(requests.map(({ method, authorization }) => [method, authorization])).toEqual([
    ['POST', `Bearer ${token}`],
    ['DELETE', `Bearer ${token}`],
  ]);
});

test('an invalid token ends with a usage error', async () => {
  const { code, stderr } = await client('--token', 'x').ended;
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^--token, or EMOJI_TOKEN, should be a token such as "npm run token" prints\./),
  });
  expect(requests).toEqual([]);
});
