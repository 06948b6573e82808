import { describe, expect, test } from '@jest/globals';
import { httpUrl, networkReason, positiveNumber, readArgs, UsageError, waitUntil, wholeNumber } from './cli.ts';

describe('the error for an invalid option names the option and what it should be', () => {
  test.each(['0', '11', '-1', '1.5', '1e1', '', 'x', ' 3'])('a whole number from 1 to 10: %j', (text) => {
    expect(() => wholeNumber('--clients', text, { from: 1, to: 10 })).toThrow(
      new UsageError(`--clients should be a whole number from 1 to 10, not "${text}".`),
    );
  });

  test.each(['0', '-1', '1e3', '', 'x', '1.2.3', '101'])('a number above 0, at most 100: %j', (text) => {
    expect(() => positiveNumber('--rate', text, 100)).toThrow(/^--rate should be a number above 0, at most 100, not/);
  });

  test.each(['localhost:5013', 'ftp://x', 'http://', 'http://a b'])('an address: %j', (text) => {
    expect(() => httpUrl('--url', text)).toThrow(/^--url should be an address such as/);
  });

  test.each([
    [['--nope'], "Unknown option '--nope'."],
    [['--rate'], "Option '--rate <value>' argument missing."],
    [['--rate', '-5'], "Option '--rate' argument is ambiguous."],
    [['more'], "Unexpected argument 'more'."],
  ])('unknown or incomplete options: %j', (args, message) => {
    const read = () => readArgs({ args, options: { rate: { type: 'string' } } });
    expect(read).toThrow(UsageError);
    expect(read).toThrow(new RegExp(`^${message.replace('.', '\\.')}$`));
  });
});

test('valid options are accepted', () => {
  expect(wholeNumber('--n', '10', { from: 1, to: 10 })).toBe(10);
  expect(positiveNumber('--n', '0.5', 100)).toBe(0.5);
});

test.each([
  ['http://localhost:5013', 'http://localhost:5013/emoji'],
  ['http://localhost:5013/', 'http://localhost:5013/emoji'],
  ['https://example.org/prod', 'https://example.org/prod/emoji'],
  ['https://example.org/prod/?a=b#c', 'https://example.org/prod/emoji'],
  ['https://u:p@example.org/a/b//', 'https://u:p@example.org/a/b/emoji'],
])('a path can be appended to the address %s', (text, emoji) => {
  expect(new URL('emoji', httpUrl('--url', text)).href).toBe(emoji);
});

test('waiting ends when the signal is aborted, also if it was aborted before', async () => {
  const stop = new AbortController();
  const waits = [waitUntil(stop.signal), waitUntil(stop.signal, 3600)];
  stop.abort();
  await Promise.all([...waits, waitUntil(stop.signal), waitUntil(stop.signal, 3600)]);
});

test('networkReason returns the error code of the root cause', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  expect(networkReason(new TypeError('fetch failed', { cause: refused }))).toBe('ECONNREFUSED');
  expect(networkReason(refused)).toBe('ECONNREFUSED');
  expect(networkReason(new DOMException('too late', 'TimeoutError'))).toBe('ETIMEDOUT');
  expect(networkReason(new Error('else'))).toBe('else');
});
