import { expect, test } from '@jest/globals';
import { registrationSchema } from './registration.ts';

test('registration: defaults and refusals', () => {
  expect(registrationSchema.parse({ client_id: 'c', port: 6000, cluster_id: '1' })).toEqual({
    client_id: 'c',
    port: 6000,
    host: 'localhost',
    room_id: 'global',
    cluster_id: 1,
  });
  for (const port of [80, 1023, 65_536, 6000.5, '6000'])
    expect(registrationSchema.safeParse({ client_id: 'c', port }).success).toBe(false);
});
