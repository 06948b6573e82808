import { expect, test } from '@jest/globals';
import { recordedLogger } from '../test/support/doubles.ts';
import { httpEvent } from '../test/support/events.ts';
import { createHandler } from './health.ts';

const up = async () => [];
const down = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:9092'));
const get = async (checks: Parameters<typeof createHandler>[0]['checks']) => {
  const { statusCode, headers, body } = await createHandler({ checks, log: recordedLogger() })(httpEvent());
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  return { status: statusCode, headers, body: JSON.parse(body ?? '') as unknown };
};

test('200 when broker and Redis answer', async () => {
  expect(await get({ broker: up, redis: up })).toMatchObject({
    status: 200,
    body: { status: 'ok', broker: 'up', redis: 'up' },
  });
});

test.each([
  ['broker', { broker: down, redis: up }, { broker: 'down', redis: 'up' }],
  ['redis', { broker: up, redis: down }, { broker: 'up', redis: 'down' }],
  ['broker, redis', { broker: down, redis: down }, { broker: 'down', redis: 'down' }],
])('503 names what does not answer (%s) but not its address', async (names, checks, states) => {
  const { status, headers, body } = await get(checks);
  expect({ status, body }).toEqual({
    status: 503,
    body: { status: 'unavailable', error: `Does not answer: ${names}`, ...states },
  });
  expect(headers).toMatchObject({ 'retry-after': '1' });
});

const evicting = async () => ['maxmemory-policy must be noeviction (it is volatile-lru)'];

test('503 names the wrong setting of a service that answers', async () => {
  expect(await get({ broker: up, redis: evicting })).toMatchObject({
    status: 503,
    body: {
      status: 'unavailable',
      error: 'Has wrong settings: redis',
      details: [{ path: 'redis', message: 'maxmemory-policy must be noeviction (it is volatile-lru)' }],
      ...{ broker: 'up', redis: 'misconfigured' },
    },
  });
  expect(await get({ broker: down, redis: evicting })).toMatchObject({
    status: 503,
    body: { error: 'Does not answer: broker. Has wrong settings: redis', broker: 'down', redis: 'misconfigured' },
  });
});
