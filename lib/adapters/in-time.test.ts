import { expect, test } from '@jest/globals';
import { inTime, NoAnswerInTime } from './in-time.ts';

test('returns an answer that arrives in time, and rejects with its error', async () => {
  expect(await inTime(Promise.resolve('yes'), 1000)).toBe('yes');
  await expect(inTime(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
});

test('rejects with NoAnswerInTime after the time limit, and ignores a later error', async () => {
  let fail = (_error: Error) => {};
  const answer = new Promise<never>((_resolve, reject) => (fail = reject));
  await expect(inTime(answer, 10)).rejects.toThrow(new NoAnswerInTime(10));
  fail(new Error('too late'));
  await expect(answer).rejects.toThrow('too late');
});
