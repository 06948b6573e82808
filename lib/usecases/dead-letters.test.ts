import { expect, test } from '@jest/globals';
import { DEAD_LETTER_TOPIC } from '../config/topics.ts';
import { RecordedLog, recordedLogger } from '../../test/support/doubles.ts';
import type { OutgoingRecord } from '../ports.ts';
import { deadLetterTopicSchema, setAside } from './dead-letters.ts';

const record = (offset: number, value = 'AAAA') => ({
  topic: 'emoji_topic',
  partition: 1,
  offset,
  reason: 'not JSON in UTF-8',
  value,
});

test('what could not be read goes to the failure destination with where it stood and why', async () => {
  const records = new RecordedLog();
  await setAside(records, recordedLogger(), [record(5), record(9)]);
  expect(records.topics).toEqual([DEAD_LETTER_TOPIC]);
  expect(records.values(DEAD_LETTER_TOPIC)).toEqual([record(5), record(9)]);
});

test('nothing to set aside: nothing is appended', async () => {
  const records = new RecordedLog();
  await setAside(records, recordedLogger(), []);
  expect(records.topics).toEqual([]);
});

test('the log tells each, without what it held', async () => {
  const log = recordedLogger();
  await setAside(new RecordedLog(), log, [record(5, 'c2VjcmV0')]);
  expect(log.lines).toEqual([
    ['warn', 'record set aside', { topic: 'emoji_topic', partition: 1, offset: 5, reason: 'not JSON in UTF-8' }],
  ]);
});

test('a failure to set aside is a failure: the batch must come again', async () => {
  const records = new RecordedLog();
  records.failure = new Error('down');
  await expect(setAside(records, recordedLogger(), [record(5)])).rejects.toThrow('down');
});

/** The bytes of a record that the broker just takes. */
const megabyte = Buffer.alloc(1_048_000, 'x').toString('base64');

test('a record as large as the broker takes is cut, since with its reason it would be too large for the broker', async () => {
  const records = new RecordedLog();
  await setAside(records, recordedLogger(), [record(5, megabyte)]);
  const [kept] = records.records(DEAD_LETTER_TOPIC);
  expect(kept?.value.length).toBeLessThan(1_000_000);
  const { value, truncated, offset } = JSON.parse(kept?.value ?? '') as Record<string, string>;
  expect({ truncated, offset }).toEqual({ truncated: true, offset: 5 });
  expect(Buffer.from(value ?? '', 'base64').toString()).toMatch(/^x{500000,}$/);
});

test('neither does a long key or a long reason make it too large', async () => {
  const records = new RecordedLog();
  const long = { ...record(5, megabyte), key: megabyte, reason: 'é'.repeat(100_000) };
  await setAside(records, recordedLogger(), [long, { ...record(6), key: 'a2V5' }]);
  const [cut, whole] = records.records(DEAD_LETTER_TOPIC);
  expect(Buffer.byteLength(cut?.value ?? '')).toBeLessThan(1_000_000);
  expect(JSON.parse(cut?.value ?? '')).not.toHaveProperty('key');
  expect(JSON.parse(whole?.value ?? '')).toEqual({ ...record(6), key: 'a2V5' });
});

test('many are set aside in several appends, all of them and in order', async () => {
  const appended: number[][] = [];
  const append = async (_topic: string, records: readonly OutgoingRecord[]) => {
    expect(records.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThanOrEqual(1_000_000);
    appended.push(records.map(({ value }) => (JSON.parse(value) as { offset: number }).offset));
  };
  const large = Array.from({ length: 5 }, (_, n) => record(n, megabyte));
  const small = Array.from({ length: 1200 }, (_, n) => record(5 + n));
  await setAside({ append }, recordedLogger(), [...large, ...small]);
  expect(appended.flat()).toEqual([...large, ...small].map(({ offset }) => offset));
  expect(Math.max(...appended.map(({ length }) => length))).toBeLessThanOrEqual(500);
});

test('what is set aside is what is read back', () => {
  const letter = { ...record(5), timestamp: 42, key: 'a2V5', truncated: true as const };
  expect(deadLetterTopicSchema.parse(letter)).toEqual(letter);
  expect(deadLetterTopicSchema.safeParse({ ...letter, value: 'no base64!' }).success).toBe(false);
});
