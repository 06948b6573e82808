import { gzipSync } from 'node:zlib';
import { MAX_BODY_BYTES } from '../../lib/adapters/http.ts';

/** An HTTP request that an attacker or a faulty client may send, and its answer. */
export interface HostileInput {
  what: string;
  request: {
    to?: 'POST /emoji' | 'POST /register' | 'DELETE /register' | 'GET /live';
    /** A string is sent unchanged, bytes as base64 (as API Gateway passes binary bodies), anything else as JSON. */
    body?: unknown;
    headers?: Record<string, string>;
    /** The parameter of the path or the query. */
    parameter?: string | undefined;
  };
  /** The status, and the message of an error. */
  answer: string;
  /** Fields that the tap must have in `emoji_topic`. */
  queued?: Record<string, unknown>;
}

const TAP = { user_id: 'u1', emoji_type: '🔥', timestamp: '2026-05-01T20:45:00.123Z' };
const good = JSON.stringify(TAP);

const tap = (what: string, fields: Record<string, unknown>, answer = '200', queued?: HostileInput['queued']) => ({
  what,
  request: { body: { ...TAP, ...fields } },
  answer,
  ...(queued ? { queued } : {}),
});
const raw = (
  what: string,
  body: string | Buffer | undefined,
  answer: string,
  { headers, queued }: { headers?: Record<string, string>; queued?: HostileInput['queued'] } = {},
): HostileInput => ({
  what,
  request: { body, ...(headers ? { headers } : {}) },
  answer,
  ...(queued ? { queued } : {}),
});
const type = (value: string) => ({ headers: { 'content-type': value } });
const register = (what: string, fields: Record<string, unknown>, answer: string): HostileInput => ({
  what,
  request: { to: 'POST /register', body: { client_id: 'c1', port: 6000, ...fields } },
  answer,
});
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** A valid tap with exactly this many bytes. */
const sized = (bytes: number) => `${good.slice(0, -1)},"pad":"${'x'.repeat(bytes - Buffer.byteLength(good) - 9)}"}`;

const INVISIBLE = 'must not hold white space, braces or invisible characters';
const BROKEN = 'must not hold U+FFFD, which stands for bytes that were not UTF-8';
const NOT_JSON = '400 the body must be JSON in UTF-8';
const NO_OBJECT = '400 the body must be a JSON object';
const NOT_EMOJI = '400 `emoji_type` must be exactly one emoji or a configured short code';
const NO_TIME = '400 `timestamp` must be an ISO-8601 date and time, such as 2026-05-01T20:45:00.123Z';
const NO_COUNT = '400 `count` must be a whole number from 1 to 100';
const NO_EVENT_ID = '400 `event_id` must be 1 to 64 visible ASCII characters';
const NO_USER = '400 `user_id` must be a string or a whole number';
const REFUSED_HOST = '400 `host` must be a host to which updates may be delivered (DELIVERY_ALLOWED_HOSTS)';

export const HOSTILE_INPUTS: Record<string, HostileInput[]> = {
  'The body as a whole': [
    raw('no body', undefined, '400 Missing required fields'),
    raw('an empty body', '', '400 Missing required fields'),
    raw('only white space', ' \n', NOT_JSON),
    raw('half of a JSON object', '{"user_id":', NOT_JSON),
    raw('two JSON objects in a row', good + good, NOT_JSON),
    raw('a list instead of an object', `[${good}]`, NO_OBJECT),
    raw('`null`', 'null', NO_OBJECT),
    raw('a string instead of an object', '"user_id"', NO_OBJECT),
    raw('`NaN`, which is not valid JSON', good.replace('"u1"', 'NaN'), NOT_JSON),
    raw('a byte order mark at the start', `\ufeff${good}`, '200', { queued: TAP }),
    raw('two byte order marks', `\ufeff\ufeff${good}`, NOT_JSON),
    raw('exactly 256 KiB', sized(MAX_BODY_BYTES), '200', { queued: TAP }),
    raw('256 KiB and one byte', sized(MAX_BODY_BYTES + 1), '413 The body must not be larger than 262144 bytes'),
    raw(
      '256 KiB and one byte, as base64',
      Buffer.from(sized(MAX_BODY_BYTES + 1)),
      '413 The body must not be larger than 262144 bytes',
    ),
    raw('10,000 nested lists in an unknown field', `${good.slice(0, -1)},"x":${deep(10_000)}}`, '200', {
      queued: TAP,
    }),
    raw('10,000 nested lists as `user_id`', good.replace('"u1"', deep(10_000)), NO_USER),
    raw('10,000 nested lists as `events`', `{"events":${deep(10_000)}}`, '400 Missing required fields'),
    raw('the same key twice: the last value is used', good.replace('{', '{"user_id":"first",'), '200', { queued: TAP }),
    raw('an unknown field: it is dropped', `${good.slice(0, -1)},"admin":true}`, '200', { queued: TAP }),
    raw(
      '`__proto__`, `constructor` and `prototype` as keys: dropped, without prototype pollution',
      `${good.slice(0, -1)},"__proto__":{"count":99},"constructor":{"prototype":{"count":99}},"prototype":{"count":99}}`,
      '200',
      { queued: { ...TAP, count: 1 } },
    ),
    raw('the required fields only in `__proto__`', `{"__proto__":${good}}`, '400 Missing required fields'),
    raw('`events` only in `__proto__`', `{"__proto__":{"events":[${good}]}}`, '400 Missing required fields'),
  ],
  'Types and encodings': [
    raw('no content type', good, '200', { queued: TAP }),
    raw('JSON as `application/x-www-form-urlencoded`, as curl sends it without `-H`', good, '200', {
      ...type('application/x-www-form-urlencoded'),
      queued: TAP,
    }),
    raw('JSON as `text/plain`, as `navigator.sendBeacon` sends it', good, '200', {
      ...type('text/plain'),
      queued: TAP,
    }),
    raw('an HTML form', 'user_id=u1&emoji_type=%F0%9F%94%A5', NOT_JSON, type('application/x-www-form-urlencoded')),
    raw('JSON as `application/octet-stream`, which API Gateway passes as base64', Buffer.from(good), '200', {
      ...type('application/octet-stream'),
      queued: TAP,
    }),
    raw('UTF-8 with another charset in the content type', good, '200', {
      ...type('application/json; charset=iso-8859-1'),
      queued: TAP,
    }),
    raw(
      'ISO-8859-1 bytes',
      Buffer.from(good.replace('u1', 'é').replace('🔥', '!'), 'latin1'),
      NOT_JSON,
      type('application/json; charset=iso-8859-1'),
    ),
    raw('ISO-8859-1 bytes that a proxy decoded as UTF-8', good.replace('u1', 'Ren\ufffd'), `400 \`user_id\` ${BROKEN}`),
    raw('UTF-16', Buffer.from(good, 'utf16le'), NOT_JSON, type('application/json; charset=utf-16')),
    raw('UTF-16 with a byte order mark', Buffer.from(`\ufeff${good}`, 'utf16le'), NOT_JSON),
    raw('overlong UTF-8', Buffer.from([0x7b, 0x7d, 0xc0, 0xa0]), NOT_JSON),
    raw('gzip with `content-encoding: gzip`', gzipSync(good), '400 the body must be sent without a content-encoding', {
      headers: { 'content-encoding': 'gzip' },
    }),
    raw('gzip without a content encoding', gzipSync(good), NOT_JSON),
    raw('`content-encoding: identity`', good, '200', { headers: { 'content-encoding': 'identity' }, queued: TAP }),
  ],
  'Identifiers (`user_id`, `room_id`, `client_id`)': [
    tap('empty', { user_id: '' }, '400 `user_id` must not be empty'),
    tap('129 characters', { user_id: 'x'.repeat(129) }, '400 `user_id` must have at most 128 characters'),
    tap('a lone surrogate, as the escape `\\ud800`', { user_id: 'a\ud800' }, `400 \`user_id\` ${INVISIBLE}`),
    tap('NUL', { room_id: 'a\u0000' }, `400 \`room_id\` ${INVISIBLE}`),
    tap('a line break, which could forge a log line', { room_id: 'a\nb' }, `400 \`room_id\` ${INVISIBLE}`),
    tap('a terminal escape sequence', { user_id: '\u001b[2J' }, `400 \`user_id\` ${INVISIBLE}`),
    tap('a right-to-left override', { user_id: 'a\u202eb' }, `400 \`user_id\` ${INVISIBLE}`),
    tap('a right-to-left mark', { room_id: 'a\u200f' }, `400 \`room_id\` ${INVISIBLE}`),
    tap('a zero-width space, joiner or byte order mark', { user_id: 'a\u200bb' }, `400 \`user_id\` ${INVISIBLE}`),
    tap('a Hangul filler, which is an invisible letter', { user_id: '\u3164' }, `400 \`user_id\` ${INVISIBLE}`),
    tap('a variation selector', { room_id: '❤\ufe0f' }, `400 \`room_id\` ${INVISIBLE}`),
    tap('a private or unassigned code point', { user_id: '\ue000' }, `400 \`user_id\` ${INVISIBLE}`),
    tap('braces, which select the hash slot in a Redis Cluster', { room_id: '{a}b' }, `400 \`room_id\` ${INVISIBLE}`),
    tap('letters of several scripts', { user_id: 'Ñandú-日本-مرحبا' }, '200', { user_id: 'Ñandú-日本-مرحبا' }),
    tap('`__proto__` and `constructor` as values', { user_id: '__proto__', room_id: 'constructor' }, '200', {
      user_id: '__proto__',
      room_id: 'constructor',
    }),
    tap('the largest safe integer', { user_id: 9_007_199_254_740_991 }, '200', { user_id: '9007199254740991' }),
    tap('an integer that JavaScript can’t represent exactly', { user_id: 9_007_199_254_740_992 }, NO_USER),
    tap('1e21', { user_id: 1e21 }, NO_USER),
    raw('1e400', good.replace('"u1"', '1e400'), NO_USER),
    tap('1.5', { user_id: 1.5 }, NO_USER),
    raw('-0', good.replace('"u1"', '-0'), '200', { queued: { user_id: '0' } }),
    tap('a list instead of a string', { user_id: ['u1'] }, NO_USER),
    tap('an object instead of a string', { room_id: { toString: 'x' } }, '400 `room_id` must be a string'),
    tap('`null` as the room', { room_id: null }, '400 `room_id` must be a string'),
  ],
  '`emoji_type`': [
    tap('two emojis', { emoji_type: '🔥🔥' }, NOT_EMOJI),
    tap('1,000 emojis joined by zero-width joiners', { emoji_type: Array(1000).fill('👨').join('\u200d') }, NOT_EMOJI),
    tap('60,000 emojis', { emoji_type: '🔥'.repeat(60_000) }, NOT_EMOJI),
    tap('a lone surrogate', { emoji_type: '\ud83d' }, NOT_EMOJI),
    tap('a digit', { emoji_type: '1' }, NOT_EMOJI),
    tap('a digit with only the emoji selector', { emoji_type: '1\ufe0f' }, NOT_EMOJI),
    tap('a full-width digit as a keycap', { emoji_type: '１\ufe0f\u20e3' }, NOT_EMOJI),
    tap('a keycap', { emoji_type: '1\u20e3' }, '200', { emoji_type: '1\ufe0f\u20e3' }),
    tap('an emoji with the text selector', { emoji_type: '❤\ufe0e' }, NOT_EMOJI),
    tap('an emoji without its emoji selector', { emoji_type: '❤' }, '200', { emoji_type: '❤\ufe0f' }),
    tap('superfluous emoji selectors', { emoji_type: '\ufe0f🔥\ufe0f\ufe0f' }, '200', { emoji_type: '🔥' }),
    tap('an emoji and a zero-width joiner', { emoji_type: '🔥\u200d' }, NOT_EMOJI),
    tap('a flag of a country that does not exist', { emoji_type: '🇽🇽' }, NOT_EMOJI),
    tap('half a flag', { emoji_type: '🇩' }, NOT_EMOJI),
    tap('a flag with tags (Scotland)', { emoji_type: '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}' }),
    tap('a flag with tags of a region that does not exist', { emoji_type: '🏴\u{e0078}\u{e0078}\u{e007f}' }, NOT_EMOJI),
    tap('tags without an end tag, which could hide text', { emoji_type: '🏴\u{e0068}\u{e0069}' }, NOT_EMOJI),
    tap('a short code that is not configured', { emoji_type: ':unknown:' }, NOT_EMOJI),
    tap('`__proto__`', { emoji_type: '__proto__' }, NOT_EMOJI),
    tap('a number', { emoji_type: 128_293 }, '400 `emoji_type` must be a string'),
  ],
  '`timestamp`': [
    tap('30 February', { timestamp: '2026-02-30T00:00:00Z' }, NO_TIME),
    tap('29 February in a year that is not a leap year', { timestamp: '1900-02-29T00:00:00Z' }, NO_TIME),
    tap('a leap second', { timestamp: '2016-12-31T23:59:60Z' }),
    tap('a leap second in the middle of a day', { timestamp: '2016-12-31T12:00:60Z' }, NO_TIME),
    tap('24:00 (the end of the day)', { timestamp: '2026-05-01T24:00:00Z' }),
    tap('24:01', { timestamp: '2026-05-01T24:01:00Z' }, NO_TIME),
    tap('a date without a time', { timestamp: '2026-05-01' }, NO_TIME),
    tap('the year 0000: counted as late', { timestamp: '0000-01-01T00:00:00Z' }),
    tap('the year 9999: counted at the time of arrival', { timestamp: '9999-12-31T23:59:59-23:59' }),
    tap('a year of six digits', { timestamp: '+275760-09-13T00:00:00Z' }, NO_TIME),
    tap('an invalid time zone', { timestamp: '2026-05-01T20:45:00+99:99' }, NO_TIME),
    tap('no time zone: counted at the time of arrival', { timestamp: '2026-05-01T20:45:00' }),
    tap('digits of another script', { timestamp: '２０２６-05-01T20:45:00Z' }, NO_TIME),
    tap('a line break at the end', { timestamp: '2026-05-01T20:45:00Z\n' }, NO_TIME),
    tap(
      'a fraction of a second with 1,000 digits',
      { timestamp: `2026-05-01T20:45:00.${'1'.repeat(1000)}Z` },
      '400 `timestamp` must have at most 80 characters',
    ),
    tap('seconds since 1970', { timestamp: 1_777_668_300 }, NO_TIME),
  ],
  '`count`, `event_id`, `events`': [
    tap('a count of 0', { count: 0 }, '400 `count` must be at least 1'),
    tap('a count of 101', { count: 101 }, '400 `count` must be at most 100'),
    tap('a count of 1.5', { count: 1.5 }, NO_COUNT),
    tap('a count of "1"', { count: '1' }, NO_COUNT),
    tap('a count of 1e300', { count: 1e300 }, NO_COUNT),
    tap('a count of -1', { count: -1 }, '400 `count` must be at least 1'),
    raw('a count of 1e400', good.replace('{', '{"count":1e400,'), NO_COUNT),
    raw('a count of 1.0, which equals 1', good.replace('{', '{"count":1.0,'), '200', { queued: { count: 1 } }),
    tap('`null` as the count', { count: null }, NO_COUNT),
    tap('`true` as the count', { count: true }, NO_COUNT),
    tap('an `event_id` of 64 characters', { event_id: '~'.repeat(64) }, '200', { event_id: '~'.repeat(64) }),
    tap('an `event_id` of 65 characters', { event_id: '~'.repeat(65) }, NO_EVENT_ID),
    tap('an empty `event_id`', { event_id: '' }, NO_EVENT_ID),
    tap('an `event_id` with a space or a line break', { event_id: 'a\n' }, NO_EVENT_ID),
    tap('an `event_id` that is not ASCII', { event_id: 'é' }, NO_EVENT_ID),
    tap('a number as `event_id`', { event_id: 7 }, '400 `event_id` must be a string'),
    raw('an object as `events`', '{"events":{"0":1}}', '400 `events` must be a list of taps'),
    raw('an empty list as `events`', '{"events":[]}', '400 `events` must hold at least one tap'),
    raw('501 taps', `{"events":[${Array(501).fill(good).join(',')}]}`, '400 `events` must hold at most 500 taps'),
    raw(
      '130,000 numbers as `events`',
      `{"events":[${Array(130_000).fill('1').join(',')}]}`,
      '400 `events` must hold at most 500 taps',
    ),
    raw(
      'a valid tap and an invalid one: neither is queued',
      `{"events":[${good},${good.replace('🔥', 'x')}]}`,
      NOT_EMOJI.replace('emoji_type', 'events.1.emoji_type'),
    ),
    raw('a list inside `events`', `{"events":[[${good}]]}`, '400 Missing required fields'),
  ],
  'Registration and live counts': [
    register('a client id with a line break', { client_id: 'a\r\nb' }, `400 \`client_id\` ${INVISIBLE}`),
    register(
      'the client id `..`, in which no URL can end',
      { client_id: '..' },
      '400 `client_id` must not be "." or "..": no URL can end in them',
    ),
    register('a client id that is a number', { client_id: 7 }, '400 `client_id` must be a string'),
    register('port 1e400', { port: Infinity }, '400 Client ID and port are required'),
    register('port 1e300', { port: 1e300 }, '400 `port` must be a whole number from 1024 to 65535'),
    register('port "6000"', { port: '6000' }, '400 `port` must be a whole number from 1024 to 65535'),
    register('port 6379.5', { port: 6379.5 }, '400 `port` must be a whole number from 1024 to 65535'),
    register('port 65536', { port: 65_536 }, '400 `port` must be at most 65535'),
    register('a host with a line break', { host: 'localhost\r\nX: y' }, REFUSED_HOST),
    register('a host with NUL', { host: 'localhost\0.example.com' }, REFUSED_HOST),
    register('the address of the cloud’s metadata service', { host: '169.254.169.254' }, REFUSED_HOST),
    register('an IP address in an unusual notation', { host: '0x7f.1' }, REFUSED_HOST),
    register('a host of 254 characters', { host: 'x'.repeat(254) }, '400 `host` must have at most 253 characters'),
    register('cluster 1e300', { cluster_id: 1e300 }, '400 `cluster_id` must be the number of a cluster'),
    register('cluster -1', { cluster_id: -1 }, '400 `cluster_id` must be a number from 0 to 1'),
    {
      what: 'DELETE with NUL in the client id',
      request: { to: 'DELETE /register', parameter: 'a\0' },
      answer: `400 the client id ${INVISIBLE}`,
    },
    {
      what: 'DELETE without a client id',
      request: { to: 'DELETE /register', parameter: undefined },
      answer: '400 the client id must be a string',
    },
    {
      what: 'live counts of `../..`: a room without taps',
      request: { to: 'GET /live', parameter: '../..' },
      answer: '200',
    },
    {
      what: 'live counts of a room with braces',
      request: { to: 'GET /live', parameter: '{a}' },
      answer: `400 \`room_id\` ${INVISIBLE}`,
    },
    {
      what: 'live counts of a room with 65 characters',
      request: { to: 'GET /live', parameter: 'x'.repeat(65) },
      answer: '400 `room_id` must have at most 64 characters',
    },
  ],
};
