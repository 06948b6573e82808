import { expect, test } from '@jest/globals';
import { PlatformError, type ErrorCode } from './errors.ts';

const RETRIABLE: Record<ErrorCode, boolean> = {
  invalid_request: false,
  payload_too_large: false,
  not_found: false,
  unauthorized: false,
  forbidden: false,
  rate_limited: true,
  overloaded: true,
  host_refused: false,
  invalid_config: false,
  broker_unavailable: true,
  store_unavailable: true,
  keys_unavailable: true,
  delivery_failed: true,
};

test.each(Object.entries(RETRIABLE))('%s is retriable: %s', (code, retriable) => {
  expect(new PlatformError(code as ErrorCode, 'm').retriable).toBe(retriable);
});

test('an error keeps its cause and its details', () => {
  const cause = new Error('why');
  const details = [{ path: 'port', message: 'must be a number' }];
  expect(new PlatformError('invalid_request', 'm', { cause, details })).toMatchObject({
    name: 'PlatformError',
    message: 'm',
    cause,
    details,
  });
});
