import { expect, test } from '@jest/globals';
import { roomOf, takeToken, withRoom } from './visit.ts';

test('the address names the room, if it is one', () => {
  expect(['?room=final', '?room=a%20b', '?room=', ''].map(roomOf)).toEqual(['final', undefined, undefined, undefined]);
  expect(withRoom('https://a.example/?x=1&room=final#top', 'semi/2')).toBe('https://a.example/?x=1&room=semi%2F2#top');
});

test('a token is taken from the fragment, and the rest of the address stays', () => {
  expect(takeToken('https://a.example/?room=final#token=a.b.c')).toEqual({
    token: 'a.b.c',
    href: 'https://a.example/?room=final',
  });
  expect(takeToken('https://a.example/#x=1&token=a.b.c').href).toBe('https://a.example/#x=1');
  expect(takeToken('https://a.example/#top')).toEqual({ token: undefined, href: 'https://a.example/#top' });
});
