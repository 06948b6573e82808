import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../test/support/folder.ts';
import { exchange } from '../../test/support/raw-http.ts';
import { type PageServer, startPageServer, withPage } from './page-server.ts';

const config = {
  ...{ url: 'http://localhost:5013', socketUrl: 'ws://localhost:3001' },
  ...{ rooms: ['global'], emojis: ['🔥'] },
};
const newFolder = temporaryFolders();
let root: string;
let server: PageServer;
beforeEach(async () => {
  root = newFolder();
  for (const folder of ['dist', 'dist/assets', 'dist/docs', 'docs']) mkdirSync(join(root, folder));
  const files = {
    ...{ 'dist/index.html': 'page', 'dist/overlay.html': 'overlay', 'dist/assets/page.js': 'script' },
    ...{ 'dist/docs/index.html': 'reader', 'docs/openapi.json': '{}', 'secret.txt': 'secret', 'dist/.env': 'secret' },
    ...{ 'secret.md': 'secret', 'dist/docs/docs.js': 'script' },
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  server = await startPageServer({ folder: join(root, 'dist'), docsFolder: join(root, 'docs'), port: 0, config });
});
afterEach(() => server.close());

const get = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), headers, body: await response.text() };
};
/** The status and body for a request line and headers that fetch would not send. */
const raw = async (line: string, ...headers: string[]) => {
  const lines = [line, ...headers, 'Connection: close', '', ''];
  const [, status, body] =
    /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(await exchange(server.url, [lines.join('\r\n')])) ?? [];
  return [Number(status), body];
};
const HTML = 'text/html; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';

describe('serves', () => {
  test.each([
    ['/', HTML, 'page'],
    ['/?room=final', HTML, 'page'],
    ['/overlay', HTML, 'overlay'],
    ['/overlay?room=global', HTML, 'overlay'],
    ['/assets/page.js', 'text/javascript; charset=utf-8', 'script'],
    ['/docs/', HTML, 'reader'],
    ['/docs/docs.js', 'text/javascript; charset=utf-8', 'script'],
    ['/docs/openapi.json', 'application/json; charset=utf-8', '{}'],
  ])('%s', async (path, type, body) => expect(await get(path)).toMatchObject({ status: 200, type, body }));

  test('the configuration, which no cache keeps', async () => {
    const { status, type, headers, body } = await get('/config.json');
    expect({ status, type, cache: headers.get('cache-control') }).toEqual({
      ...{ status: 200, type: 'application/json; charset=utf-8', cache: 'no-store' },
    });
    expect(JSON.parse(body)).toEqual(config);
  });

  test('an unchanged file with 304, and a changed one anew', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    // fetch would also send `cache-control: no-cache`.
    const again = () => raw('GET / HTTP/1.1', 'Host: localhost', `If-None-Match: ${etag}`);
    expect(await again()).toEqual([304, '']);
    writeFileSync(join(root, 'dist/index.html'), 'built again');
    expect(await again()).toEqual([200, 'built again']);
  });

  test('the headers of HEAD without a body', async () => {
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, type: HTML, body: '' });
  });

  test('/docs from its folder, so that relative links work', async () => {
    const { status, headers } = await get('/docs');
    expect([status, headers.get('location')]).toEqual([302, '/docs/']);
  });
});

test.each(['/', '/config.json', '/missing', '/docs/'])('%s has the security headers', async (path) => {
  const { headers } = await get(path);
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self' http://localhost:5013 ws://localhost:3001; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  );
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

describe('answers in plain text', () => {
  test.each(['/missing', '/assets', '/assets/', '/.env', '/docs/missing', '/index.html/x', '/%00', '/%ff'])(
    'Not found: %s',
    async (path) => expect(await get(path)).toMatchObject({ status: 404, type: TEXT, body: 'Not found\n' }),
  );

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/docs/..%2fsecret.txt',
    '/docs//../../secret.txt',
    '/docs/../secret.md',
    'http://x/',
  ])('Not found, outside of its folders: %s', async (path) =>
    expect(await raw(`GET ${path} HTTP/1.1`, 'Host: localhost')).toEqual([404, 'Not found\n']),
  );

  test('a method that changes something', async () => {
    const { status, type, headers, body } = await get('/', { method: 'POST', body: 'x' });
    expect({ status, type, body }).toEqual({ status: 405, type: TEXT, body: 'Only GET and HEAD\n' });
    expect(headers.get('allow')).toBe('GET, HEAD');
  });

  test('a page whose name resolves to this machine (DNS rebinding)', async () => {
    expect(await raw('GET / HTTP/1.1', 'Host: evil.example:8080')).toEqual([
      ...[403, 'The Host header must be localhost or an address\n'],
    ]);
  });
});

test.each(['localhost:8080', 'LOCALHOST', '127.0.0.1:8080', '[::1]:8080'])('the host %s is answered', async (host) => {
  expect(await raw('GET / HTTP/1.1', `Host: ${host}`)).toEqual([200, 'page']);
});

test('invalid ranges do not end the server', async () => {
  for (const range of ['bytes=5-2', 'bytes=9-', 'bytes=-', 'x']) await get('/', { headers: { range } });
  expect(await get('/')).toMatchObject({ status: 200, body: 'page' });
});

test('without a built page and documents all is 404, except for the configuration', async () => {
  const none = await startPageServer({ folder: join(root, 'no'), docsFolder: join(root, 'neither'), port: 0, config });
  const statuses = await Promise.all(
    ['/', '/overlay', '/docs/', '/config.json'].map((path) => fetch(`${none.url}${path}`)),
  );
  expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404, 200]);
  await none.close();
});

test('withPage adds the origins of the page to those that the user has set', () => {
  const page = ['http://localhost:8081', 'http://127.0.0.1:8081'];
  expect(withPage(['https://a.example'], 'http://localhost:8081')).toEqual(['https://a.example', ...page]);
  expect(withPage(page, 'http://localhost:8081')).toEqual(page);
  expect(withPage(['*'], 'http://localhost:8081')).toEqual(['*']);
});
