import { expect, test } from '@jest/globals';
import { kafkaEvent } from '../../../test/support/events.ts';
import { recordsOf } from './event.ts';

test('records of all partitions are read with topic, partition, offset and time', () => {
  const event = {
    records: {
      ...kafkaEvent(['a', 'b'], { partition: 0, from: 7, timestamp: 5 }).records,
      ...kafkaEvent(['c'], { partition: 11, topic: 'main-emoji_topic', timestamp: 6 }).records,
    },
  };
  const isAppendTime = false;
  expect(recordsOf(event)).toEqual([
    { topic: 'emoji_topic', partition: 0, offset: 7, timestamp: 5, isAppendTime, value: Buffer.from('a') },
    { topic: 'emoji_topic', partition: 0, offset: 8, timestamp: 5, isAppendTime, value: Buffer.from('b') },
    { topic: 'main-emoji_topic', partition: 11, offset: 0, timestamp: 6, isAppendTime, value: Buffer.from('c') },
  ]);
});

test('key and value are the original bytes; absent and empty ones are distinguished', () => {
  const [key, value] = [Buffer.from([0x00, 0xff]), Buffer.from([0xff, 0x00, 0x0a])];
  expect(recordsOf(kafkaEvent([value, ''], { key }))).toMatchObject([
    { key, value },
    { key, value: Buffer.alloc(0) },
  ]);
  const [tombstone] = recordsOf(kafkaEvent([null]));
  expect(tombstone).not.toHaveProperty('key');
  expect(tombstone).not.toHaveProperty('value');
});

test.each([
  ['LOG_APPEND_TIME', true],
  ['CREATE_TIME', false],
])('timestampType %s: set by the broker is %p', (_type, isAppendTime) => {
  expect(recordsOf(kafkaEvent(['a'], { isAppendTime, timestamp: 5 }))).toMatchObject([{ timestamp: 5, isAppendTime }]);
});

test('an event without records yields none', () => {
  expect(recordsOf({ records: {} })).toEqual([]);
});
