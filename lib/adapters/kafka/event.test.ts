import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { kafkaEvent } from '../../../test/support/events.ts';
import { decodeEvent } from './event.ts';

const schema = z.object({ n: z.int('must be whole') });

test('records are read with where they stand; partitions side by side', () => {
  const event = {
    records: {
      ...kafkaEvent([{ n: 1 }, { n: 2 }], { partition: 0, from: 7, timestamp: 5 }).records,
      ...kafkaEvent([{ n: 3 }], { partition: 11, topic: 'main-emoji_topic', timestamp: 6 }).records,
    },
  };
  expect(decodeEvent(event, schema)).toEqual({
    records: [
      {
        topic: 'emoji_topic',
        partition: 'emoji_topic-0',
        partitionNumber: 0,
        offset: 7,
        timestamp: 5,
        value: { n: 1 },
      },
      {
        topic: 'emoji_topic',
        partition: 'emoji_topic-0',
        partitionNumber: 0,
        offset: 8,
        timestamp: 5,
        value: { n: 2 },
      },
      {
        topic: 'main-emoji_topic',
        partition: 'main-emoji_topic-11',
        partitionNumber: 11,
        offset: 0,
        timestamp: 6,
        value: { n: 3 },
      },
    ],
    unreadable: [],
  });
});

test.each([
  ['no JSON', '{"n":', 'not JSON in UTF-8'],
  ['nothing', '', 'not JSON in UTF-8'],
  ['no value at all', null, 'not JSON in UTF-8'],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not JSON in UTF-8'],
  ['another shape', { n: 1.5 }, 'n must be whole'],
  ['no object', 'null', 'value Invalid input: expected object, received null'],
])('%s in the middle is set aside with its reason, and what stands around it is read', (_what, bad, reason) => {
  const event = kafkaEvent([{ n: 1 }, bad, { n: 3 }], { partition: 2, from: 10, timestamp: 42 });
  const { records, unreadable } = decodeEvent(event, schema);
  expect(records.map(({ offset }) => offset)).toEqual([10, 12]);
  expect(unreadable).toEqual([
    {
      topic: 'emoji_topic',
      partition: 2,
      offset: 11,
      timestamp: 42,
      reason,
      value: event.records['emoji_topic-2']?.[1]?.value ?? '',
    },
  ]);
});

test('what is set aside keeps the key and the time that it had', () => {
  const event = kafkaEvent(['oops'], { timestamp: 42 });
  for (const record of event.records['emoji_topic-0'] ?? []) record.key = 'a2V5';
  expect(decodeEvent(event, schema).unreadable).toMatchObject([{ key: 'a2V5', timestamp: 42 }]);
});

test('no record is lost: each is either read or set aside, in order', () => {
  const value = fc.oneof(
    fc.constant({ n: 1 }),
    fc.json(),
    fc.string(),
    fc.constant(null),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (values) => {
      const { records, unreadable } = decodeEvent(kafkaEvent(values), schema);
      const offsets = [...records, ...unreadable].map(({ offset }) => offset).sort((a, b) => a - b);
      expect(offsets).toEqual(values.map((_, n) => n));
      for (const { offset } of records) expect(values[offset]).toBeDefined();
      expect(records.map(({ offset }) => offset)).toEqual(records.map(({ offset }) => offset).sort((a, b) => a - b));
    }),
  );
});

test('what a record lacks is completed from its own time', () => {
  const event = kafkaEvent([{}, { n: 1 }], { timestamp: 42 });
  const { records } = decodeEvent(event, schema, (value, timestamp) => ({ n: timestamp, ...(value as object) }));
  expect(records.map(({ value }) => value.n)).toEqual([42, 1]);
});
