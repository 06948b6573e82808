import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHandler as createHealth } from '../functions/health.ts';
import { unauthorized } from '../lib/usecases/authorization.ts';
import { PlatformError, type ErrorCode } from '../lib/errors.ts';
import { httpFunctions } from './hostile/functions.ts';
import { HOSTILE_INPUTS } from './hostile/inputs.ts';
import { mismatches, openApi, operationOf, undocumented } from './support/api-documents.ts';
import { bearerOf, recordedLogger } from './support/doubles.ts';
import { httpEvent } from './support/events.ts';

// What the functions answer is compared with docs/openapi.json, and so are the answers to all of test/hostile
// (test/hostile/answers.test.ts) and those of a running platform (test/e2e/front-door.test.ts).

const event = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'events', `${name}.json`), 'utf8')) as APIGatewayProxyEventV2;

const CALLS = [
  ['POST /emoji', 'ingest', 'http-post-emoji', 200],
  ['POST /emoji', 'ingest', 'http-post-emoji-batch', 200],
  ['POST /emoji', 'ingest', 'http-post-emoji-invalid', 400],
  ['POST /register', 'register', 'http-post-register', 200],
  ['DELETE /register/{client_id}', 'register', 'http-delete-register', 404],
  ['GET /live', 'live', 'http-get-live', 200],
] as const;

test.each(CALLS)('%s: the answer to test/events is documented (%s, %s)', async (call, fn, name, status) => {
  const answer = await httpFunctions().call(fn, event(name));
  expect(answer.status).toBe(status);
  expect(undocumented(call, answer)).toEqual([]);
});

const calls = CALLS.filter(([call], n) => CALLS.findIndex(([first]) => first === call) === n).map(
  ([call, fn, name]) => ({ call, fn, name }),
);

describe.each(calls)('$call', ({ call, fn, name }) => {
  test.each<ErrorCode>(['rate_limited', 'overloaded', 'broker_unavailable', 'store_unavailable', 'keys_unavailable'])(
    'the answer to an error is documented: %s',
    async (code) => {
      const auth = { authenticate: () => Promise.reject(new PlatformError(code, 'reason')) };
      expect(undocumented(call, await httpFunctions({ auth }).call(fn, event(name)))).toEqual([]);
    },
  );

  test.each([
    ['no token', 401, { authenticate: () => Promise.reject(unauthorized()) }],
    ['a token without a scope', 403, bearerOf({ sub: 'u1' })],
    ['a token for another room', 403, bearerOf({ sub: 'u1', scope: 'tap watch', rooms: ['another'] })],
    ['an error of the platform', 500, { authenticate: () => Promise.reject(new TypeError('bug')) }],
  ])('the answer is documented: %s', async (_what, status, auth) => {
    const request = event(name);
    const answer = await httpFunctions({ auth }).call(fn, {
      ...request,
      headers: { ...request.headers, authorization: 'Bearer x' },
    });
    expect(answer.status).toBe(status);
    expect(undocumented(call, answer)).toEqual([]);
  });
});

const up = async () => [];
const down = () => Promise.reject(new Error('down'));
test.each([
  ['healthy', 200, up],
  ['a service is down', 503, down],
  ['a wrong setting', 503, async () => ['maxmemory-policy must be noeviction (it is volatile-lru)']],
])('GET /health: the answer is documented (%s)', async (_what, status, redis) => {
  const handler = createHealth({ checks: { broker: up, redis }, log: recordedLogger() });
  const { statusCode, headers, body } = await handler(httpEvent({ method: 'GET' }));
  expect(statusCode).toBe(status);
  expect(undocumented('GET /health', { status, headers, body: JSON.parse(body ?? '') as unknown })).toEqual([]);
});

test('every body that is accepted matches the documented schema', () => {
  const accepted = Object.values(HOSTILE_INPUTS)
    .flat()
    .filter(({ answer, request: { body } }) => answer === '200' && typeof body === 'object' && !Buffer.isBuffer(body));
  expect(accepted.length).toBeGreaterThan(10);
  const wrong = accepted.flatMap(({ what, request: { to = 'POST /emoji', body } }) => {
    const { schema } = operationOf(to).requestBody?.content?.['application/json'] ?? {};
    return mismatches(schema ?? {}, body).map((why) => `${what}: ${why}`);
  });
  expect(wrong).toEqual([]);
});

test('every HTTP event of serverless.yml is documented, and nothing else', () => {
  const config = readFileSync(join(import.meta.dirname, '../serverless.yml'), 'utf8');
  const routes = [...config.matchAll(/httpApi: ([A-Z]+ \S+)/g)].map(([, route]) => route);
  const documented = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual(routes.sort());
});
