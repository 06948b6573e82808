import { expect, test } from '@jest/globals';
import { newestUpTo, partitionOf, spansOf, topicPartition, type StreamRecord } from './stream.ts';

const at = (offset: number, timestamp: number, more: Partial<StreamRecord> = {}): StreamRecord => ({
  ...{ topic: 't', partition: 0, offset, timestamp, isAppendTime: false },
  ...more,
});
const broker = { isAppendTime: true };

test.each(['emoji_topic', 'a-topic-with-2-hyphens-7', 't'])('partitionOf reads a topic-partition of %s', (topic) => {
  expect(topicPartition(topic, 12)).toBe(`${topic}-12`);
  expect(partitionOf(topicPartition(topic, 12))).toBe(12);
});

test('spansOf: first and last offset, latest record time and latest append time of each partition', () => {
  expect(
    spansOf([
      at(3, 7, broker),
      at(4, 900),
      at(9, 8, broker),
      at(0, 1, { partition: 1 }),
      at(5, 2, { topic: 'other', ...broker }),
    ]),
  ).toEqual(
    new Map([
      ['t-0', { first: 3, last: 9, newest: 900, appended: 8 }],
      ['t-1', { first: 0, last: 0, newest: 1, appended: 0 }],
      ['other-0', { first: 5, last: 5, newest: 2, appended: 2 }],
    ]),
  );
});

test('spansOf returns nothing for an empty batch', () => {
  expect(spansOf([])).toEqual(new Map());
});

test('newestUpTo: the latest time of a partition’s records up to an offset', () => {
  const records = [at(3, 7), at(4, 9), at(5, 8), at(6, 100), at(3, 500, { partition: 1 })];
  expect(newestUpTo(records, 't-0', 3)).toBe(7);
  expect(newestUpTo(records, 't-0', 5)).toBe(9);
  expect(newestUpTo(records, 't-0', 2)).toBe(-1);
  expect(newestUpTo(records, 't-2', 9)).toBe(-1);
});
