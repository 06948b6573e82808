import { expect, test } from '@jest/globals';
import { recently } from './recently.ts';

let now = 0;
let asked = 0;
const answers = (answer: () => Promise<string>) => {
  [now, asked] = [0, 0];
  return recently(
    () => {
      asked++;
      return answer();
    },
    2000,
    () => now,
  );
};

test('callers within two seconds share one call, and a later caller starts a new one', async () => {
  const check = answers(async () => `answer ${asked}`);
  expect(await Promise.all(Array.from({ length: 100 }, check))).toEqual(Array(100).fill('answer 1'));
  now = 1999;
  expect(await check()).toBe('answer 1');
  now = 2000;
  expect(await check()).toBe('answer 2');
  expect(asked).toBe(2);
});

test('a failure is shared too, for two seconds', async () => {
  const check = answers(() => (asked === 1 ? Promise.reject(new Error('down')) : Promise.resolve('up')));
  for (const at of [0, 0, 1999]) {
    now = at;
    await expect(check()).rejects.toThrow('down');
  }
  now = 2000;
  expect(await check()).toBe('up');
});

test('while a call is running, all callers wait for it and none starts another', async () => {
  let release: (answer: string) => void = () => undefined;
  const check = answers(() => new Promise((resolve) => (release = resolve)));
  const first = check();
  now = 10_000;
  const second = check();
  release('at last');
  expect(await Promise.all([first, second])).toEqual(['at last', 'at last']);
  expect(asked).toBe(1);
});
