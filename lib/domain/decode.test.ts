import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { decodeRecords } from './decode.ts';
import type { StreamRecord } from './stream.ts';

const schema = z.object({ n: z.int('must be whole') });
const record = (offset: number, value: unknown, timestamp = 42): StreamRecord => ({
  ...{ topic: 'emoji_topic', partition: 2, offset, timestamp, isAppendTime: false },
  ...(value === null
    ? {}
    : {
        value: Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      }),
});

test.each([
  ['invalid JSON', '{"n":', 'not JSON in UTF-8'],
  ['an empty value', '', 'not JSON in UTF-8'],
  ['no value', null, 'not JSON in UTF-8'],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not JSON in UTF-8'],
  ['an invalid field', { n: 1.5 }, 'n must be whole'],
  ['a value other than an object', 'null', 'value Invalid input: expected object, received null'],
])('a record with %s is rejected with the reason, and its neighbours are read', (_what, bad, reason) => {
  const rejected = record(11, bad);
  const result = decodeRecords([record(10, { n: 1 }), rejected, record(12, { n: 3 })], schema);
  expect(result.decoded).toEqual([
    { record: record(10, { n: 1 }), value: { n: 1 } },
    { record: record(12, { n: 3 }), value: { n: 3 } },
  ]);
  // The record itself, with its key and bytes.
  expect(result.rejected).toEqual([{ record: rejected, reason }]);
  expect(result.rejected[0]?.record).toBe(rejected);
});

test('a byte order mark is handled as in HTTP bodies', () => {
  expect(decodeRecords([record(0, Buffer.from('\ufeff{"n":1}'))], schema).decoded.map(({ value }) => value)).toEqual([
    { n: 1 },
  ]);
});

test('every record is either read or rejected, in order', () => {
  const value = fc.oneof(
    fc.constant({ n: 1 }),
    fc.json(),
    fc.string(),
    fc.constant(null),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (values) => {
      const { decoded, rejected } = decodeRecords(
        values.map((each, n) => record(n, each)),
        schema,
      );
      const offsetsOf = (all: readonly { record: StreamRecord }[]) => all.map((each) => each.record.offset);
      const all = [...offsetsOf(decoded), ...offsetsOf(rejected)].sort((a, b) => a - b);
      expect(all).toEqual(values.map((_, n) => n));
      for (const some of [offsetsOf(decoded), offsetsOf(rejected)])
        expect(some).toEqual([...some].sort((a, b) => a - b));
    }),
  );
});

test('missing fields of a value are completed from its record', () => {
  const { decoded } = decodeRecords([record(0, {}, 7), record(1, { n: 1 }, 7)], schema, (value, { timestamp }) => ({
    n: timestamp,
    ...(value as object),
  }));
  expect(decoded.map(({ value }) => value.n)).toEqual([7, 1]);
});
