import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reactionSchemas } from './reaction.ts';
import { MAX_TIMESTAMP_LENGTH, momentOf, TIMESTAMP_FORM } from './timestamp.ts';
import { assignWindow } from './window.ts';

const { timestamp } = reactionSchemas([]).tap.shape;
const settings = { windowMs: 2000, watermarkMs: 10_000 };
const received_at = '2026-05-01T20:45:05.500Z';
const windowOf = (text: string) => {
  const assigned = assignWindow({ timestamp: timestamp.parse(text), received_at }, settings);
  return assigned.late ? 'late' : new Date(assigned.start).toISOString().slice(11, 19);
};
/** Windows of a tap sent at 20:45:00 UTC, and of one without a time zone, for which the time of arrival counts. */
const SENT = '20:45:00';
const RECEIVED = '20:45:04';

describe('default formats of standard libraries, and the window of the tap', () => {
  test.each<[language: string, expression: string, text: string, window: string]>([
    ['Python', 'str(datetime)', '2026-05-01 20:45:00.123456+00:00', SENT],
    ['Python', 'str(datetime) on a full second', '2026-05-01 20:45:00+00:00', SENT],
    ['Python', 'str(datetime) of India', '2026-05-02 02:15:00.123456+05:30', SENT],
    ['Python', 'isoformat()', '2026-05-01T20:45:00.123456+00:00', SENT],
    ['Python', 'isoformat(timespec="milliseconds")', '2026-05-01T20:45:00.123+00:00', SENT],
    ['Python', 'isoformat(timespec="minutes")', '2026-05-01T20:45+00:00', SENT],
    ['Python', 'isoformat(timespec="hours")', '2026-05-01T20+00:00', 'late'],
    ['Python', 'isoformat() of a zone with seconds', '2026-05-01T20:54:21.123456+00:09:21', SENT],
    ['Python', 'strftime("%FT%T%z")', '2026-05-02T02:15:00+0530', SENT],
    ['Python', 'strftime("%FT%T.%f%z")', '2026-05-01T20:45:00.123456+0000', SENT],
    ['Python', 'strftime("%G-W%V-%uT%T%z")', '2026-W18-5T17:15:00-0330', SENT],
    ['Python', 'strftime("%Y-%jT%T%z")', '2026-121T17:15:00-0330', SENT],
    ['Python', 'isoformat() without a zone', '2026-05-01T20:45:00.123456', RECEIVED],
    ['Python', 'str() without a zone', '2026-05-01 20:45:00.123456', RECEIVED],
    ['JavaScript', 'toISOString()', '2026-05-01T20:45:00.123Z', SENT],
    ['JavaScript', 'Temporal.Instant.toString()', '2026-05-01T20:45:00.123456789Z', SENT],
    ['JavaScript', 'Temporal.ZonedDateTime.toString()', '2026-05-01T22:45:00+02:00[Europe/Paris][u-ca=gregory]', SENT],
    ['JavaScript', 'Temporal.PlainDateTime.toString()', '2026-05-01T20:45:00', RECEIVED],
    ['Java', 'Instant.toString()', '2026-05-01T20:45:00.123456789Z', SENT],
    ['Java', 'Instant.toString() on a full second', '2026-05-01T20:45:00Z', SENT],
    ['Java', 'OffsetDateTime.toString() on a full minute', '2026-05-01T22:45+02:00', SENT],
    ['Java', 'OffsetDateTime.toString() on a full minute, UTC', '2026-05-01T20:45Z', SENT],
    ['Java', 'OffsetDateTime.toString()', '2026-05-02T02:15:00.123456789+05:30', SENT],
    ['Java', 'ZonedDateTime.toString()', '2026-05-01T22:45+02:00[Europe/Paris]', SENT],
    ['Java', 'ZonedDateTime.toString() with a zone of an offset', '2026-05-01T22:45+02:00[UTC+02:00]', SENT],
    [
      'Java',
      'ZonedDateTime.toString() with the longest name of a zone',
      '2026-05-01T17:45:00.123456789-03:00[America/Argentina/ComodRivadavia]',
      SENT,
    ],
    ['Java', 'ISO_OFFSET_DATE_TIME', '2026-05-01T22:45:00+02:00', SENT],
    ['Java', 'ISO_ZONED_DATE_TIME', '2026-05-01T22:45:00+02:00[Europe/Paris]', SENT],
    ['Java', 'SimpleDateFormat with X', '2026-05-01T22:45:00.123+02', SENT],
    ['Java', 'LocalDateTime.toString()', '2026-05-01T20:45', RECEIVED],
    ['Java', 'java.sql.Timestamp.toString()', '2026-05-01 20:45:00.123', RECEIVED],
    ['Go', 'RFC3339Nano', '2026-05-01T20:45:00.123456789Z', SENT],
    ['Go', 'RFC3339Nano with an offset', '2026-05-01T22:45:00.123456789+02:00', SENT],
    ['Go', 'RFC3339', '2026-05-01T20:45:00Z', SENT],
    ['Go', 'DateTime', '2026-05-01 20:45:00', RECEIVED],
    ['Ruby', 'Time#to_s', '2026-05-01 22:45:00 +0200', SENT],
    ['Ruby', 'Time#to_s in UTC', '2026-05-01 20:45:00 UTC', SENT],
    ['Ruby', 'Time#inspect', '2026-05-01 20:45:00.123456 UTC', SENT],
    ['Ruby', 'Time#iso8601', '2026-05-01T20:45:00Z', SENT],
    ['Ruby', 'DateTime#to_s', '2026-05-01T20:45:00+00:00', SENT],
    ['Rust', 'chrono to_rfc3339()', '2026-05-01T20:45:00.123456789+00:00', SENT],
    ['Rust', 'chrono Display of Utc', '2026-05-01 20:45:00.123456789 UTC', SENT],
    ['Rust', 'chrono Display of FixedOffset', '2026-05-01 22:45:00.123 +02:00', SENT],
    ['Rust', 'chrono Debug', '2026-05-01T20:45:00.123Z', SENT],
    ['Rust', 'chrono NaiveDateTime', '2026-05-01T20:45:00.123', RECEIVED],
    ['Rust', 'time OffsetDateTime', '2026-05-01 20:45:00.123 +00:00:00', SENT],
    ['C#', 'ToString("o") in UTC', '2026-05-01T20:45:00.1234567Z', SENT],
    ['C#', 'ToString("o") of a DateTimeOffset', '2026-05-01T22:45:00.1234567+02:00', SENT],
    ['C#', 'ToString("o") without a kind', '2026-05-01T20:45:00.1234567', RECEIVED],
    ['C#', 'ToString("s")', '2026-05-01T20:45:00', RECEIVED],
    ['C#', 'ToString("u")', '2026-05-01 20:45:00Z', SENT],
    ['PHP', 'DATE_ATOM', '2026-05-01T20:45:00+00:00', SENT],
    ['PHP', 'DATE_ISO8601', '2026-05-01T20:45:00+0000', SENT],
    ['PHP', 'DATE_ISO8601_EXPANDED', '+2026-05-01T20:45:00+00:00', SENT],
    ['PHP', 'DATE_RFC3339_EXTENDED', '2026-05-01T20:45:00.123+00:00', SENT],
    ['Swift', 'ISO8601DateFormatter', '2026-05-01T20:45:00Z', SENT],
    ['Swift', 'ISO8601FormatStyle', '2026-05-01T20:45:00Z', SENT],
    ['Swift', 'Date.description', '2026-05-01 20:45:00 +0000', SENT],
  ])('%s: %s, %s', (_language, _expression, text, window) => {
    expect(windowOf(text)).toBe(window);
  });
});

describe('forms that ISO 8601 and RFC 3339 allow', () => {
  test.each([
    ['lower-case t and z', '2026-05-01t20:45:00.5z', '2026-05-01T20:45:00.500Z'],
    ['a space before z', '2026-05-01 20:45:00 z', '2026-05-01T20:45:00.000Z'],
    ['a comma before the fraction', '2026-05-01T20:45:00,123Z', '2026-05-01T20:45:00.123Z'],
    ['one digit of a second', '2026-05-01T20:45:00.1Z', '2026-05-01T20:45:00.100Z'],
    ['thirty digits of a second', `2026-05-01T20:45:00.${'9'.repeat(30)}Z`, '2026-05-01T20:45:00.999Z'],
    ['a fraction of a minute', '2026-05-01T20:45.5Z', '2026-05-01T20:45:30.000Z'],
    ['a fraction of an hour', '2026-05-01T20,75+00', '2026-05-01T20:45:00.000Z'],
    ['an offset of hours', '2026-05-01T22:45:00+02', '2026-05-01T20:45:00.000Z'],
    ['an unknown offset', '2026-05-01T20:45:00-00:00', '2026-05-01T20:45:00.000Z'],
    ['an unknown offset without a colon', '2026-05-01T20:45:00-0000', '2026-05-01T20:45:00.000Z'],
    ['the character for minus', '2026-05-01T17:45:00\u221203:00', '2026-05-01T20:45:00.000Z'],
    ['the basic format', '20260501T204500.123Z', '2026-05-01T20:45:00.123Z'],
    ['the basic format without seconds', '20260501T2245+0200', '2026-05-01T20:45:00.000Z'],
    ['a basic ordinal date', '2026121T204500Z', '2026-05-01T20:45:00.000Z'],
    ['a basic week date', '2026W185T204500Z', '2026-05-01T20:45:00.000Z'],
    ['the last day of a leap year', '2024-366T00:00Z', '2024-12-31T00:00:00.000Z'],
    ['the first week, which begins in the year before', '2026-W01-1T00:00Z', '2025-12-29T00:00:00.000Z'],
    ['week 53', '2026-W53-7T00:00Z', '2027-01-03T00:00:00.000Z'],
    ['24:00, the end of the day', '2026-05-01T24:00Z', '2026-05-02T00:00:00.000Z'],
    ['24:00:00.0 with an offset', '2026-04-30T24:00:00.0+02:00', '2026-04-30T22:00:00.000Z'],
    ['a leap second', '2016-12-31T23:59:60.25Z', '2017-01-01T00:00:00.250Z'],
    ['a leap second elsewhere', '2017-01-01T05:29:60+05:30', '2017-01-01T00:00:00.000Z'],
    ['29 February', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
    ['29 February of 2000', '20000229T120000Z', '2000-02-29T12:00:00.000Z'],
    ['a year of two digits', '0050-03-01T00:00Z', '0050-03-01T00:00:00.000Z'],
    ['a year of six digits', '+002026-05-01T20:45:00Z', '2026-05-01T20:45:00.000Z'],
  ])('%s: %s', (_what, text, moment) => {
    const found = momentOf(text);
    expect(typeof found === 'number' && new Date(found).toISOString()).toBe(moment);
  });
});

describe('rejected, with the expected form', () => {
  test.each([
    ...['', 'yesterday', '1777668300', '2026', '2026-05', '2026-05-01', '20260501', '20:45:00Z', 'T20:45:00Z'],
    ...['2026-05-01T', '2026-05-01TZ', '2026-05-01Z', '2026-05-01+02:00', '2026-05-01T2:45Z', '26-05-01T20:45Z'],
    ...['2026-02-30T00:00Z', '1900-02-29T00:00Z', '2026-00-01T00:00Z', '2026-13-01T00:00Z', '2026-05-00T00:00Z'],
    ...['2026-04-31T00:00:00Z', '2026-02-29T00:00:00Z', '2026-06-31T00:00:00.5+02:00', '2026-01-32T00:00:00Z'],
    ...['2026-000T00:00Z', '2026-366T00:00Z', '2026-W00-1T00:00Z', '2025-W53-1T00:00Z', '2026-W18-8T00:00Z'],
    ...['2026-05-01T20:60Z', '2026-05-01T25:00Z', '2026-05-01T24:00:01Z', '2026-05-01T24:00:00.5Z'],
    ...['2026-05-01T23:59:60Z', '2016-12-31T12:00:60Z', '2016-12-31T23:59:61Z', '2016-12-31T23:59:60+01:00'],
    ...['2026-05-01T20:45:00+24:00', '2026-05-01T20:45:00+01:60', '2026-05-01T20:45:00+1', '2026-05-01T20:45:00+'],
    ...['2026-05-01T20:45:00.Z', '2026-05-01T20:45:.5Z', '2026-05-01T20:45:00Z ', ' 2026-05-01T20:45:00Z'],
    ...['2026-05-01T20:45:00Z\n', '2026-05-01  20:45:00Z', '2026-05-01_20:45:00Z', '2026-05-01T20:45:00 '],
    ...[
      '20260501T20:45:00Z',
      '2026-05-01T204500Z',
      '2026-0501T20:45Z',
      '２０２６-05-01T20:45:00Z',
      '-2026-05-01T20:45Z',
    ],
    ...['+012026-05-01T20:45:00Z', '2026-05-01T20:45:00 CEST', '2026-05-01T20:45:00[Europe/Paris]'],
    ...['2026-05-01T20:45:00+02:00[!Europe/Paris]', '2026-05-01T20:45:00Z[', '2026-05-01T20:45:00Z[]'],
    ...[
      'Fri May 01 2026 20:45:00 GMT+0000',
      'Fri, 01 May 2026 20:45:00 GMT',
      '5/1/2026 8:45:00 PM',
      '01.05.2026 20:45',
    ],
    ...['2026-05-01 20:45:00.123456789 +0000 UTC', '2026/05/01 20:45:00', 'null', '"2026-05-01T20:45:00Z"'],
  ])('%j', (text) => {
    expect(timestamp.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
      `must be ${TIMESTAMP_FORM}`,
    ]);
  });

  test('a number and a too long text are rejected', () => {
    const messages = (value: unknown) => timestamp.safeParse(value).error?.issues.map(({ message }) => message);
    expect(messages(1_777_668_300_000)).toEqual([`must be ${TIMESTAMP_FORM}`]);
    expect(messages(`2026-05-01T20:45:00.${'1'.repeat(60)}Z`)).toEqual([
      `must have at most ${MAX_TIMESTAMP_LENGTH} characters`,
    ]);
  });
});

test('all spellings of a time are parsed to the same time', () => {
  const pad = (value: number) => String(value).padStart(2, '0');
  const moment = fc.date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true });
  const offset = fc.tuple(fc.constantFrom(1, -1), fc.nat({ max: 23 }), fc.nat({ max: 59 }));
  const colon = fc.constantFrom(':', '');
  const spelling = fc.record({ separator: fc.constantFrom('T', 't', ' '), basic: fc.boolean(), space: fc.boolean() });
  fc.assert(
    fc.property(
      moment,
      offset,
      colon,
      spelling,
      (date, [sign, hours, minutes], between, { separator, basic, space }) => {
        const local = new Date(date.getTime() + sign * (hours * 60 + minutes) * 60_000).toISOString().slice(0, -1);
        const written = (basic ? local.replace(/[-:]/g, '') : local).replace('T', separator);
        const zone = `${sign > 0 ? '+' : '-'}${pad(hours)}${between}${pad(minutes)}`;
        expect(momentOf(`${written}${space ? ' ' : ''}${zone}`)).toBe(date.getTime());
      },
    ),
  );
});
