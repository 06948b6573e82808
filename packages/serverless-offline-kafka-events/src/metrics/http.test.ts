import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { serveMetrics, type MetricsServer } from './http.ts';

let server: MetricsServer;
beforeEach(async () => {
  server = await serveMetrics(0, () => []);
});
afterEach(() => server.close());

const get = (headers: Record<string, string>) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    })
      .on('error', reject)
      .end();
  });

test.each<[who: string, headers: Record<string, string>]>([
  ['a tool', {}],
  ['by name', { host: 'localhost:9000' }],
  ['by the address of IPv6', { host: '[::1]:9000' }],
  ['somebody who types the address', { 'sec-fetch-site': 'none' }],
])('answered: %s', async (_who, headers) => {
  expect(await get(headers)).toEqual({ status: 200, text: '{"mappings":[]}' });
});

test.each<[who: string, headers: Record<string, string>]>([
  ['a page of another site', { origin: 'https://evil.example' }],
  ['a page without an origin of its own', { origin: 'null' }],
  ['a page of another site that shows it', { 'sec-fetch-site': 'cross-site' }],
  ['a page whose name was pointed at this machine', { host: 'evil.example:9000', 'sec-fetch-site': 'same-origin' }],
  ['such a page in an old browser', { host: 'localhost.evil.example' }],
])('refused: %s', async (_who, headers) => {
  expect(await get(headers)).toEqual({ status: 403, text: 'for tools of this machine, not for web pages\n' });
});
