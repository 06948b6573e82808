import { expect, test } from '@jest/globals';
import { DEAD_LETTER_TOPIC } from '../infra/topics.js';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { setAside } from './dead-letters.ts';

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

test('a record as large as the broker takes is cut, since with its reason it would be too large for the broker', async () => {
  const records = new RecordedLog();
  const megabyte = Buffer.alloc(1024 * 1024, 'x').toString('base64');
  await setAside(records, recordedLogger(), [record(5, megabyte)]);
  const [kept] = records.records(DEAD_LETTER_TOPIC);
  expect(kept?.value.length).toBeLessThan(1_000_000);
  const { value, truncated, offset } = JSON.parse(kept?.value ?? '') as Record<string, string>;
  expect({ truncated, offset }).toEqual({ truncated: true, offset: 5 });
  expect(Buffer.from(value ?? '', 'base64').toString()).toMatch(/^x{500000,}$/);
});
