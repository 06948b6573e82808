import { expect, test } from '@jest/globals';
import { RecordedLog, recordedLogger } from '../../test/support/doubles.ts';
import { DEAD_LETTER_TOPIC } from '../config/topics.ts';
import type { Rejected } from '../domain/decode.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { OutgoingRecord } from '../ports.ts';
import { deadLetterTopicSchema, setAside } from './dead-letters.ts';

const reason = 'not JSON in UTF-8';
const rejected = (offset: number, more: Partial<StreamRecord> = {}): Rejected => ({
  reason,
  record: {
    ...{ topic: 'emoji_topic', partition: 1, offset, timestamp: 42, isAppendTime: true },
    ...{ value: Buffer.from('oops'), ...more },
  },
});
/** The expected dead letter of a rejected record. */
const letter = (offset: number, more: object = {}) => ({
  ...{ topic: 'emoji_topic', partition: 1, offset, timestamp: 42, reason, value: 'b29wcw==' },
  ...more,
});

test('an unreadable record is written to the dead-letter topic with its position and the reason', async () => {
  const records = new RecordedLog();
  await setAside(records, recordedLogger(), [rejected(5), rejected(9)]);
  expect(records.topics).toEqual([DEAD_LETTER_TOPIC]);
  expect(records.values(DEAD_LETTER_TOPIC)).toEqual([letter(5), letter(9)]);
});

test('a dead letter contains the original key and bytes', async () => {
  const records = new RecordedLog();
  const [key, value] = [Buffer.from([0x00, 0xff]), Buffer.from([0xc3, 0x28, 0x0a])];
  const { value: _, ...tombstone } = rejected(6).record;
  await setAside(records, recordedLogger(), [rejected(5, { key, value }), { record: tombstone, reason }]);
  expect(records.values(DEAD_LETTER_TOPIC)).toEqual([
    letter(5, { key: key.toString('base64'), value: value.toString('base64') }),
    letter(6, { value: '' }),
  ]);
});

test('without unreadable records, nothing is appended', async () => {
  const records = new RecordedLog();
  await setAside(records, recordedLogger(), []);
  expect(records.topics).toEqual([]);
});

test('each dead letter is logged without its content', async () => {
  const log = recordedLogger();
  await setAside(new RecordedLog(), log, [rejected(5, { value: Buffer.from('secret'), key: Buffer.from('secret') })]);
  expect(log.lines).toEqual([['warn', 'record set aside', { topic: 'emoji_topic', partition: 1, offset: 5, reason }]]);
});

test('a failed write to the dead-letter topic fails the batch, so that it is delivered again', async () => {
  const records = new RecordedLog();
  records.failure = new Error('down');
  await expect(setAside(records, recordedLogger(), [rejected(5)])).rejects.toThrow('down');
});

/** A record value of nearly the maximum size that the broker accepts. */
const megabyte = Buffer.alloc(1_048_000, 'x');

test('a record of the broker’s maximum size is truncated, so that the dead letter fits', async () => {
  const records = new RecordedLog();
  await setAside(records, recordedLogger(), [rejected(5, { value: megabyte })]);
  const [kept] = records.records(DEAD_LETTER_TOPIC);
  expect(kept?.value.length).toBeLessThan(1_000_000);
  const { value, truncated, offset } = JSON.parse(kept?.value ?? '') as Record<string, string>;
  expect({ truncated, offset }).toEqual({ truncated: true, offset: 5 });
  expect(Buffer.from(value ?? '', 'base64').toString()).toMatch(/^x{500000,}$/);
});

test('a long key or reason does not make a dead letter too large', async () => {
  const records = new RecordedLog();
  const long = { ...rejected(5, { value: megabyte, key: megabyte }), reason: 'é'.repeat(100_000) };
  await setAside(records, recordedLogger(), [long, rejected(6, { key: Buffer.from('key') })]);
  const [cut, whole] = records.records(DEAD_LETTER_TOPIC);
  expect(Buffer.byteLength(cut?.value ?? '')).toBeLessThan(1_000_000);
  expect(JSON.parse(cut?.value ?? '')).not.toHaveProperty('key');
  expect(JSON.parse(whole?.value ?? '')).toEqual(letter(6, { key: 'a2V5' }));
});

test('many dead letters are written in several appends, completely and in order', async () => {
  const appended: number[][] = [];
  const append = async (_topic: string, records: readonly OutgoingRecord[]) => {
    expect(records.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThanOrEqual(1_000_000);
    appended.push(records.map(({ value }) => (JSON.parse(value) as { offset: number }).offset));
  };
  const large = Array.from({ length: 5 }, (_, n) => rejected(n, { value: megabyte }));
  const small = Array.from({ length: 2400 }, (_, n) => rejected(5 + n));
  await setAside({ append }, recordedLogger(), [...large, ...small]);
  expect(appended.flat()).toEqual([...large, ...small].map(({ record }) => record.offset));
  expect(Math.max(...appended.map(({ length }) => length))).toBeLessThanOrEqual(1000);
});

test('a dead letter is read back as it was written', () => {
  const whole = letter(5, { key: 'a2V5', truncated: true });
  expect(deadLetterTopicSchema.parse(whole)).toEqual(whole);
  expect(deadLetterTopicSchema.safeParse({ ...whole, value: 'no base64!' }).success).toBe(false);
});
