import { expect, test } from '@jest/globals';
import { unregistered } from './unregistered.ts';

const line = (client: string) =>
  JSON.stringify({ level: 'warn', message: 'client is unregistered: its deliveries failed', client });

test('each healthy client that the platform has unregistered is a difference', () => {
  const output = [line('f1-v1'), line('f1-v10'), line('bad-f1-0'), '{"message":"x","client":"f1-v2"}'].join('\n');
  const clients = ['f1-v1', 'f1-v2', 'f1-v3'].map((id) => ({ id, room: 'f1-0' }));
  expect(unregistered(output, clients)).toEqual([
    { where: 'client', room: 'f1-0', what: 'f1-v1 unregistered', expected: 0, found: 1 },
  ]);
});
