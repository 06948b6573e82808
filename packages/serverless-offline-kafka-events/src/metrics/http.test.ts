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

test.each<[client: string, headers: Record<string, string>]>([
  ['a program', {}],
  ['a program that uses the name localhost', { host: 'localhost:9000' }],
  ['a program that uses the IPv6 address', { host: '[::1]:9000' }],
  ['a browser in which the user typed the address', { 'sec-fetch-site': 'none' }],
])('the metrics are served to %s', async (_client, headers) => {
  expect(await get(headers)).toEqual({ status: 200, text: '{"mappings":[]}' });
});

test.each<[client: string, headers: Record<string, string>]>([
  ['a web page of another site', { origin: 'https://evil.example' }],
  ['a web page with an opaque origin', { origin: 'null' }],
  ['a web page of another site that embeds them', { 'sec-fetch-site': 'cross-site' }],
  ['a web page that uses DNS rebinding', { host: 'evil.example:9000', 'sec-fetch-site': 'same-origin' }],
  ['such a web page in an old browser', { host: 'localhost.evil.example' }],
])('the metrics are not served to %s', async (_client, headers) => {
  expect(await get(headers)).toEqual({ status: 403, text: 'metrics are not served to web pages\n' });
});
