import { expect, test } from '@jest/globals';
import { MemoryRegistry } from '../../../test/doubles/registry.ts';
import { recordedLogger, unlimited } from '../../../test/support/doubles.ts';
import { httpEvent } from '../../../test/support/events.ts';
import { createHandler } from '../../../functions/register.ts';
import { loadConfig } from '../../config/variables.ts';
import { openAuthenticator } from '../../usecases/authorization.ts';
import { deliversOverTcp, tcpIsOff } from './switch.ts';

const prod = { STAGE: 'prod', AUTH_ALLOW_OPEN: 'true' };

test.each([
  [{}, true],
  [{ DELIVERY_TCP: 'off' }, false],
  [prod, false],
  [{ ...prod, DELIVERY_TCP: 'on' }, true],
  [{ ...prod, DELIVERY_TCP: '' }, false],
])('delivery over TCP with %j: %p', (env, isOn) => {
  expect(deliversOverTcp(loadConfig(env))).toBe(isOn);
});

test('while it is off, registrations are refused with an error that names DELIVERY_TCP', async () => {
  const registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 60 });
  const handler = createHandler({
    ...{ auth: openAuthenticator, admission: unlimited, registry, clock: () => 1000, log: recordedLogger() },
    checkHost: () => Promise.reject(tcpIsOff()),
  });
  const { statusCode, body } = await handler(httpEvent({ body: { client_id: 'c1', port: 6000 } }));
  expect([statusCode, JSON.parse(body ?? '')]).toMatchObject([
    400,
    { error: expect.stringContaining('DELIVERY_TCP'), details: [{ path: 'host' }] },
  ]);
  expect((await registry.audience(['global'])).size).toBe(0);
});
