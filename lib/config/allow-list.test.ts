import { expect, test } from '@jest/globals';
import { isAllowListEntry } from './allow-list.ts';

test.each(['public', 'localhost', 'a.example.com', '10.0.0.0/8', '::1', 'fd12::/16', '192.0.2.7'])(
  'the allow-list can hold %s',
  (entry) => {
    expect(isAllowListEntry(entry)).toBe(true);
  },
);

test.each(['', '10.0.0.0/33', '10.0.0', 'a b', 'http://a', 'a:80', '*.example.com'])(
  'the allow-list cannot hold %j',
  (entry) => {
    expect(isAllowListEntry(entry)).toBe(false);
  },
);
