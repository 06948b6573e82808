import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryRegistry } from '../lib/adapters/memory/registry.ts';
import { AddressPolicy } from '../lib/adapters/tcp/address-policy.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Registry } from '../lib/ports.ts';
import { recordedLogger } from '../test/support/doubles.ts';
import { httpEvent } from '../test/support/events.ts';
import { createHandler } from './register.ts';

let registry: Registry;
beforeEach(() => {
  registry = new MemoryRegistry({ clusters: 2, subscribersPerCluster: 3, clientTtl: 60 });
});
const policy = new AddressPolicy(['localhost', '127.0.0.0/8'], async () => ['127.0.0.1']);
const call = async (event: Parameters<typeof httpEvent>[0]) => {
  const checkHost = (host: string, port: number) => policy.addressesOf(host, port);
  const handler = createHandler({ registry, checkHost, clock: () => 1000, log: recordedLogger() });
  const { statusCode, headers, body } = await handler(httpEvent(event));
  return { status: statusCode, headers, body: JSON.parse(body ?? '') as unknown };
};
const post = (body: unknown) => call({ body });
const remove = (client_id: string) => call({ method: 'DELETE', path: { client_id } });
const clients = async () => (await registry.clients({ cluster: 0, subscriber: 0 }, ['global'])).get('global');

test('a client is told its subscriber and cluster; the host is localhost unless it says otherwise', async () => {
  expect(await post({ client_id: 'c1', port: 6000 })).toMatchObject({
    status: 200,
    body: { message: 'Client c1 registered successfully.', subscriber_id: 0, cluster_id: 0 },
  });
  expect(await clients()).toEqual([{ id: 'c1', host: 'localhost', port: 6000 }]);
  expect((await post({ client_id: 'c2', port: 6001, cluster_id: 1 })).body).toMatchObject({ cluster_id: 1 });
});

test('registering again refreshes, and counts nobody twice', async () => {
  const first = await post({ client_id: 'c1', port: 6000 });
  expect((await post({ client_id: 'c1', port: 6009 })).body).toEqual(first.body);
  expect(await clients()).toEqual([{ id: 'c1', host: 'localhost', port: 6009 }]);
});

describe('refusals, after which nobody is registered', () => {
  test.each([{}, { client_id: 'c1' }, { port: 6000 }, { client_id: null, port: 6000 }, undefined])(
    '400 Client ID and port are required: %j',
    async (body) => {
      expect(await post(body)).toMatchObject({ status: 400, body: { error: 'Client ID and port are required' } });
    },
  );

  test.each<[string, Record<string, unknown>]>([
    ['port', { port: 80 }],
    ['port', { port: 65_536 }],
    ['port', { port: '6000' }],
    ['client_id', { client_id: '' }],
    ['client_id', { client_id: 'a b' }],
    ['client_id', { client_id: 7 }],
    ['room_id', { room_id: '{r}' }],
    ['cluster_id', { cluster_id: 'x' }],
    ['cluster_id', { cluster_id: 9 }],
    ['cluster_id', { cluster_id: -1 }],
    ['host', { host: '' }],
    ['host', { host: '169.254.169.254' }],
    ['host', { host: '10.0.0.1' }],
    ['host', { host: 'elsewhere.example.com' }],
  ])('400 with the path of what is wrong: %s %j', async (path, change) => {
    const answer = await post({ client_id: 'c1', port: 6000, ...change });
    expect(answer).toMatchObject({
      status: 400,
      body: { details: [{ path, message: expect.stringMatching(/^must /) }] },
    });
    expect((await registry.audience(['global'])).size).toBe(0);
  });
});

test('DELETE: 200 once, then 404', async () => {
  await post({ client_id: 'c1', port: 6000 });
  expect(await remove('c1')).toMatchObject({
    status: 200,
    body: { message: 'Client c1 unregistered successfully.' },
  });
  expect(await remove('c1')).toMatchObject({ status: 404, body: { error: 'Client c1 is not registered' } });
  expect(await clients()).toEqual([]);
});

test('DELETE: 400 for what cannot be the name of a client', async () => {
  expect(await remove('a b')).toMatchObject({ status: 400, body: { details: [{ path: '' }] } });
});

test('503 with Retry-After when Redis does not answer', async () => {
  registry.register = () => Promise.reject(new PlatformError('store_unavailable', 'Redis does not answer'));
  expect(await post({ client_id: 'c1', port: 6000 })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: 'Redis does not answer' },
  });
});
