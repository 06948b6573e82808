import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { AddressPolicy } from '../lib/adapters/tcp/address-policy.ts';
import { openAuthenticator, unauthorized } from '../lib/usecases/authorization.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Authenticator, Registry } from '../lib/ports.ts';
import { bearerOf, recordedLogger, unlimited } from '../test/support/doubles.ts';
import { httpEvent } from '../test/support/events.ts';
import { createHandler } from './register.ts';

let registry: Registry;
let auth: Authenticator;
beforeEach(() => {
  auth = openAuthenticator;
  registry = new MemoryRegistry({ clusters: 2, subscribersPerCluster: 3, clientTtl: 60, maxClientsPerAddress: 3 });
  admission = unlimited;
});
const policy = new AddressPolicy(['localhost', '127.0.0.0/8'], async () => ['127.0.0.1']);
let admission: Admission = unlimited;
const call = async (event: Parameters<typeof httpEvent>[0]) => {
  const checkHost = (host: string, port: number) => policy.addressesOf(host, port);
  const handler = createHandler({ auth, registry, admission, checkHost, clock: () => 1000, log: recordedLogger() });
  const { statusCode, headers, body } = await handler(httpEvent(event));
  return { status: statusCode, headers, body: JSON.parse(body ?? '') as unknown };
};
const post = (body: unknown) => call({ body });
const remove = (client_id: string) => call({ method: 'DELETE', path: { client_id } });
const clients = async () => (await registry.clients({ cluster: 0, subscriber: 0 }, ['global'])).get('global');

test('the answer has subscriber and cluster; the host defaults to localhost', async () => {
  expect(await post({ client_id: 'c1', port: 6000 })).toMatchObject({
    status: 200,
    body: { message: 'Client c1 registered successfully.', subscriber_id: 0, cluster_id: 0 },
  });
  expect(await clients()).toEqual([{ transport: 'tcp', id: 'c1', host: 'localhost', port: 6000 }]);
  expect((await post({ client_id: 'c2', port: 6001, cluster_id: 1 })).body).toMatchObject({ cluster_id: 1 });
});

test('registering again renews the registration and does not count the client twice', async () => {
  const first = await post({ client_id: 'c1', port: 6000 });
  expect((await post({ client_id: 'c1', port: 6009 })).body).toEqual(first.body);
  expect(await clients()).toEqual([{ transport: 'tcp', id: 'c1', host: 'localhost', port: 6009 }]);
});

describe('rejected registrations', () => {
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
  ])('400 with the path of the invalid field: %s %j', async (path, change) => {
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

test('DELETE: 400 for an invalid client id', async () => {
  expect(await remove('a b')).toMatchObject({ status: 400, body: { details: [{ path: '' }] } });
});

test('429 for too many clients from one address, or too many calls', async () => {
  for (const n of [1, 2, 3]) await post({ client_id: `c${n}`, port: 6000, cluster_id: 0 });
  expect(await post({ client_id: 'c4', port: 6000 })).toMatchObject({
    status: 429,
    headers: { 'retry-after': '60' },
    body: { error: 'Too many clients are registered from 192.0.2.1', details: [{ path: 'client_id' }] },
  });
  const refuse = () => Promise.reject(new PlatformError('rate_limited', 'Too many registrations'));
  admission = { ...unlimited, registration: refuse, removal: refuse };
  expect((await post({ client_id: 'c1', port: 6000 })).status).toBe(429);
  expect((await remove('c1')).status).toBe(429);
  expect(await clients()).toHaveLength(1);
});

test('503 with Retry-After when Redis does not answer', async () => {
  registry.register = () => Promise.reject(new PlatformError('store_unavailable', 'Redis does not answer'));
  expect(await post({ client_id: 'c1', port: 6000 })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: 'Redis does not answer' },
  });
});

describe('authorization', () => {
  const watcher = bearerOf({ sub: 'u1', scope: 'watch', rooms: ['global', 'match-*'] });
  const audience = async () => (await registry.audience(['global', 'final', 'match-1'])).size;
  const forbidden = (path: string) => ({
    status: 403,
    body: { error: 'The token does not allow this', details: [{ path, message: expect.stringMatching(/^must /) }] },
  });

  test('a token allows its user’s clients, in the rooms of the token', async () => {
    auth = watcher;
    expect((await post({ client_id: 'u1', port: 6000 })).status).toBe(200);
    expect((await post({ client_id: 'u1:tv', port: 6001, room_id: 'match-1' })).status).toBe(200);
    expect((await remove('u1:tv')).status).toBe(200);
  });

  test('another user’s client is neither registered, moved nor unregistered (403)', async () => {
    await post({ client_id: 'u2', port: 6000 });
    auth = watcher;
    expect(await post({ client_id: 'u2', port: 6001 })).toMatchObject(forbidden('client_id'));
    expect(await remove('u2')).toMatchObject(forbidden('client_id'));
    // The answer does not reveal whether the client exists.
    expect(await remove('u3')).toMatchObject(forbidden('client_id'));
    expect(await clients()).toEqual([{ transport: 'tcp', id: 'u2', host: 'localhost', port: 6000 }]);
  });

  test('a room that the token does not name is rejected (403)', async () => {
    auth = watcher;
    expect(await post({ client_id: 'u1', port: 6000, room_id: 'final' })).toMatchObject(forbidden('room_id'));
    expect(await audience()).toBe(0);
  });

  test('403 without the scope and 401 without a token, for every call', async () => {
    const needed = [403, { error: 'The token needs the scope watch' }];
    auth = bearerOf({ sub: 'u1', scope: 'tap', rooms: ['*'] });
    for (const answer of [await post({ client_id: 'u1', port: 6000 }), await post({}), await remove('u1')])
      expect([answer.status, answer.body]).toEqual(needed);
    auth = { authenticate: () => Promise.reject(unauthorized()) };
    for (const answer of [await post({ client_id: 'u1', port: 6000 }), await post({}), await remove('u1')])
      expect(answer.status).toBe(401);
    expect(await audience()).toBe(0);
  });
});
