import { describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { recordedLogger } from '../../test/support/doubles.ts';
import { httpEvent } from '../../test/support/events.ts';
import { PlatformError, type ErrorCode } from '../errors.ts';
import { httpHandler, jsonBody, MAX_BODY_BYTES } from './http.ts';
import { parse } from '../usecases/parse.ts';

const fail = (error: unknown) => () => Promise.reject(error);
const answerTo = async (error: unknown, log = recordedLogger()) => {
  const { statusCode, headers, body } = await httpHandler(log, fail(error))(httpEvent());
  return { statusCode, headers, body: JSON.parse(body ?? '') as unknown };
};
const errorOf = (read: () => unknown): PlatformError => {
  try {
    read();
  } catch (error) {
    return error as PlatformError;
  }
  throw new Error('was accepted');
};

describe('httpHandler', () => {
  const security = {
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  };

  test('an answer is JSON with the request id, the security headers and its own headers', async () => {
    const handler = httpHandler(recordedLogger(), async () => ({
      status: 200,
      body: { ok: 'é' },
      headers: { 'cache-control': 'public, max-age=1' },
    }));
    expect(await handler(httpEvent())).toEqual({
      statusCode: 200,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-request-id': 'request-1',
        ...security,
        'cache-control': 'public, max-age=1',
      },
      body: '{"ok":"é"}',
    });
  });

  test.each([new PlatformError('forbidden', 'no'), new Error('internals')])(
    'an error answer (%p) has the same headers and must not be cached',
    async (error) => {
      expect((await answerTo(error)).headers).toMatchObject({
        'x-request-id': 'request-1',
        ...security,
        'cache-control': 'no-store',
      });
    },
  );

  test('every log line of a request has its id', async () => {
    const log = recordedLogger();
    await httpHandler(log, async (_event, requestLog) => {
      requestLog.warn('slow', { room: 'final' });
      return { status: 200, body: {} };
    })(httpEvent());
    expect(log.lines).toEqual([['warn', 'slow', { requestId: 'request-1', room: 'final' }]]);
  });

  test('Lambda’s request id takes precedence over API Gateway’s', async () => {
    const handler = httpHandler(recordedLogger(), async () => ({ status: 200, body: {} }));
    const { headers } = await handler(httpEvent(), { awsRequestId: 'lambda-1' } as Context);
    expect(headers).toMatchObject({ 'x-request-id': 'lambda-1' });
  });

  const statuses: Record<ErrorCode, number> = {
    invalid_request: 400,
    host_refused: 400,
    unauthorized: 401,
    forbidden: 403,
    not_found: 404,
    payload_too_large: 413,
    rate_limited: 429,
    overloaded: 503,
    delivery_failed: 502,
    broker_unavailable: 503,
    store_unavailable: 503,
    keys_unavailable: 503,
    invalid_config: 500,
  };
  test.each(Object.entries(statuses))('%s is answered with %i', async (code, status) => {
    const answer = await answerTo(new PlatformError(code as ErrorCode, 'a sentence'));
    expect(answer).toMatchObject({ statusCode: status, body: { error: 'a sentence' } });
    // Retriable errors say when to retry.
    expect(answer.headers?.['retry-after']).toBe([429, 502, 503].includes(status) ? '1' : undefined);
  });

  test('headers of an error override the default headers', async () => {
    const headers = { 'retry-after': '7', 'ratelimit-limit': '20' };
    const answer = await answerTo(new PlatformError('rate_limited', 'too many', { headers }));
    expect(answer.headers).toMatchObject(headers);
  });

  test('an answer contains the error’s details but not its causes', async () => {
    const details = [{ path: 'port', message: 'must be a number' }];
    const error = new PlatformError('invalid_request', 'Invalid', { details, cause: new Error('internals') });
    expect((await answerTo(error)).body).toEqual({ error: 'Invalid', details });
  });

  test.each([new Error('SELECT internals'), 'internals', undefined])(
    'any other error (%p) is a 500 without details; only the log has them',
    async (error) => {
      const log = recordedLogger();
      expect(await answerTo(error, log)).toMatchObject({ statusCode: 500, body: { error: 'Internal error' } });
      expect(log.lines).toEqual([['error', 'request failed', { requestId: 'request-1', error }]]);
    },
  );

  test('an invalid request is not logged', async () => {
    const log = recordedLogger();
    await answerTo(new PlatformError('invalid_request', 'Invalid'), log);
    expect(log.lines).toEqual([]);
  });
});

describe('jsonBody', () => {
  const object = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;

  test('text and base64 bodies are read, and an absent body is an empty object', () => {
    const value = { emoji_type: '❤️' };
    expect(jsonBody(httpEvent({ body: value }))).toEqual(value);
    expect(jsonBody(httpEvent({ bytes: Buffer.from(JSON.stringify(value)) }))).toEqual(value);
    expect(jsonBody(httpEvent())).toEqual({});
  });

  test('a body of 256 KiB is accepted and one byte more is rejected, as text and as base64', () => {
    expect(MAX_BODY_BYTES).toBe(262_144);
    const most = object(MAX_BODY_BYTES);
    const more = object(MAX_BODY_BYTES + 1);
    for (const event of [httpEvent({ body: most }), httpEvent({ bytes: Buffer.from(most) })])
      expect(jsonBody(event)).toHaveProperty('a');
    for (const event of [httpEvent({ body: more }), httpEvent({ bytes: Buffer.from(more) })])
      expect(errorOf(() => jsonBody(event)).code).toBe('payload_too_large');
  });

  test('the limit counts bytes, not characters', () => {
    const body = `{"a":"${'é'.repeat(MAX_BODY_BYTES / 2)}"}`;
    expect(body.length).toBeLessThan(MAX_BODY_BYTES);
    expect(errorOf(() => jsonBody(httpEvent({ body }))).code).toBe('payload_too_large');
  });

  test.each([false, 0])('a body that is no text is rejected, as serverless-offline passes %j', (body) => {
    const event = { ...httpEvent(), body } as unknown as Parameters<typeof jsonBody>[0];
    expect(errorOf(() => jsonBody(event))).toMatchObject({
      code: 'invalid_request',
      details: [{ path: '', message: 'must be a JSON object' }],
    });
  });

  test.each([
    ['invalid JSON', httpEvent({ body: '{"a":' })],
    ['only white space', httpEvent({ body: ' ' })],
    ['UTF-16', httpEvent({ bytes: Buffer.from('{"a":1}', 'utf16le') })],
    ['invalid UTF-8', httpEvent({ bytes: Buffer.from([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')]) })],
    ['an overlong UTF-8 form', httpEvent({ bytes: Buffer.from([0x7b, 0x7d, 0xc0, 0xa0]) })],
  ])('%s is rejected: the body must be JSON in UTF-8', (_what, event) => {
    const { code, message, details } = errorOf(() => jsonBody(event));
    expect({ code, message, details }).toEqual({
      code: 'invalid_request',
      message: 'Invalid JSON',
      details: [{ path: '', message: 'must be JSON in UTF-8' }],
    });
  });

  test.each(['[]', 'null', '1', '"text"', 'true'])('%s is rejected, because it is not an object', (body) => {
    const { code, details } = errorOf(() => jsonBody(httpEvent({ body })));
    expect({ code, details }).toEqual({
      code: 'invalid_request',
      details: [{ path: '', message: 'must be a JSON object' }],
    });
  });
});

test('parse reports the path of each invalid value', () => {
  const schema = z.object({ events: z.array(z.object({ count: z.int('must be whole') })) });
  expect(errorOf(() => parse(schema, { events: [{ count: 1 }, { count: 1.5 }] }, 'Invalid')).details).toEqual([
    { path: 'events.1.count', message: 'must be whole' },
  ]);
  expect(parse(schema, { events: [] }, 'Invalid')).toEqual({ events: [] });
});
