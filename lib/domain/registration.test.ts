import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { registrationSchema } from './registration.ts';

test('a registration has defaults, and invalid ones are rejected', () => {
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

test('every accepted client id can be used in the URL of DELETE /register', () => {
  const schema = registrationSchema.shape.client_id;
  const inUrl = (id: string) => {
    const path = new URL(`http://localhost/register/${encodeURIComponent(id)}`).pathname;
    return path.startsWith('/register/') ? decodeURIComponent(path.slice('/register/'.length)) : undefined;
  };
  for (const id of [
    '...',
    '.a',
    'a/..',
    '../a',
    '%2e',
    '%2e%2e',
    '/',
    '\\',
    '?',
    '#',
    '%',
    '%zz',
    'é',
    '🔥',
    'a+b',
    ';',
  ])
    expect([schema.safeParse(id).success, inUrl(id)]).toEqual([true, id]);
  for (const id of ['.', '..'])
    expect(schema.safeParse(id).error?.issues[0]?.message).toBe('must not be "." or "..": no URL can end in them');
  const odd = fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '2', 'e', 'E', '?', '#', 'ü'), maxLength: 6 });
  fc.assert(
    fc.property(fc.oneof(odd, fc.string({ unit: 'grapheme' })), (id) => {
      if (schema.safeParse(id).success) expect(inUrl(id)).toBe(id);
    }),
  );
});
