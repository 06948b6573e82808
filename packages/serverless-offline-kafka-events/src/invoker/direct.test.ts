import { expect, test } from '@jest/globals';
import type { KafkaEvent } from '../event.ts';
import { directInvoker } from './direct.ts';

const event: KafkaEvent = { eventSource: 'SelfManagedKafka', bootstrapServers: 'b:1', records: {} };
const invoke = (handler: (event: never) => unknown, timeout = 60) => directInvoker({ handler, timeout }).invoke(event);

test('passes the event, and returns the response as JSON', async () => {
  const at = new Date(0);
  expect(await invoke((given: KafkaEvent) => ({ given, at }))).toEqual({
    outcome: 'success',
    response: { given: event, at: at.toISOString() },
  });
  expect(await invoke(() => undefined)).toEqual({ outcome: 'success', response: null });
});

test.each<[string, () => unknown, string]>([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'broken',
  ],
  ['rejects', () => Promise.reject(new Error('broken')), 'broken'],
  ['returns what JSON cannot hold', () => 1n, 'the response cannot be converted to JSON: '],
])('a function that %s has failed', async (_what, handler, message) => {
  const failed = { outcome: 'function-error', message: expect.stringContaining(message) };
  expect(await invoke(handler)).toEqual(failed);
});

test('a function that takes longer than its timeout has failed', async () => {
  expect(await invoke(() => new Promise(() => undefined), 0.01)).toEqual({
    outcome: 'function-error',
    message: 'timed out after 0.01 s',
  });
});
