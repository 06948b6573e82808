import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type HttpServer, serveHttp } from '../../../test/support/http-server.ts';
import { exchange } from '../../../test/support/raw-http.ts';
import OwnToolsOnly from './own-tools.js';

let server: HttpServer;
let invocations: string[];
beforeEach(async () => {
  invocations = [];
  server = await serveHttp(({ body }) => {
    invocations.push(body);
    return { status: 200 };
  });
});
afterEach(() => server.close());

const port = () => new URL(server.url).port;
const install = (options: Record<string, string> = {}) =>
  new OwnToolsOnly({ service: { custom: {} } }, { lambdaPort: port(), ...options }).hooks[
    'before:offline:start:init'
  ]();
/** The status of an invocation with these header lines. */
const invoke = async (...headers: string[]) => {
  const lines = ['POST /2015-03-31/functions/f/invocations HTTP/1.1', ...headers, 'Content-Length: 2'];
  const response = await exchange(server.url, [`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n{}`]);
  return Number(/HTTP\/1\.1 (?!100)(\d+)/.exec(response)?.[1]);
};

test.each([
  ['a page of another site', 'Host: localhost:3002', 'Origin: https://evil.example', 'Content-Type: text/plain'],
  ['a page with an opaque origin', 'Host: localhost:3002', 'Origin: null'],
  ['a page of this machine on another port', 'Host: localhost:3002', 'Origin: http://localhost:3000'],
  ['a page that hides its origin', 'Host: localhost:3002', 'Sec-Fetch-Site: cross-site'],
  ['a page of the same site', 'Host: localhost:3002', 'Sec-Fetch-Site: same-site'],
  ['a page whose name resolves to this machine', 'Host: evil.example:3002'],
  ['such a page, with a name that begins with localhost', 'Host: localhost.evil.example'],
  ['such a page, as a same-origin request', 'Host: evil.example:3002', 'Sec-Fetch-Site: same-origin'],
  ['a page, with Expect: 100-continue', 'Host: localhost', 'Origin: null', 'Expect: 100-continue'],
])('the first request of %s is rejected and invokes nothing', async (_who, ...headers) => {
  install();
  expect(await invoke(...headers)).toBe(403);
  expect(invocations).toEqual([]);
});

test.each([
  ['the SDK', 'Host: localhost:3002', 'User-Agent: aws-sdk-js/3'],
  ['an IPv4 address', 'Host: 127.0.0.1:3002'],
  ['an IPv6 address', 'Host: [::1]:3002'],
  ['an address in the local network', 'Host: 192.168.1.7:3002'],
  ['a name in capitals', 'Host: LOCALHOST'],
  ['a user who types the address', 'Host: localhost:3002', 'Sec-Fetch-Site: none'],
])('tools of this machine are answered: %s', async (_who, ...headers) => {
  install();
  expect(await invoke(...headers)).toBe(200);
});

test('the configured host name of serverless-offline is accepted', async () => {
  install({ host: 'devbox.lan' });
  expect(await invoke('Host: devbox.lan:3002')).toBe(200);
});

test('the port that sends to WebSocket connections is protected too', async () => {
  install({ lambdaPort: '1', websocketPort: port() });
  expect(await invoke('Host: localhost', 'Origin: https://evil.example')).toBe(403);
  expect(invocations).toEqual([]);
});

test('other ports are not affected', async () => {
  install({ lambdaPort: '1' });
  expect(await invoke('Host: app.example', 'Origin: https://app.example')).toBe(200);
});

test('`serverless offline` is protected like `serverless offline start`', async () => {
  new OwnToolsOnly({ service: { custom: {} } }, { lambdaPort: port() }).hooks['before:offline:start']();
  expect(await invoke('Host: localhost', 'Origin: https://evil.example')).toBe(403);
});
