import { expect, test } from '@jest/globals';
import { atMost, inTime, NoAnswerInTime } from './in-time.ts';

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

test('atMost waits until the answer or the time limit, whichever is first, and rejects with an error in time', async () => {
  const never = new Promise<never>(() => {});
  await atMost(never, 10);
  let answered = false;
  const answer = Promise.resolve().then(() => (answered = true));
  await atMost(answer, 180_000);
  expect(answered).toBe(true);
  await expect(atMost(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
});
