import { expect, test } from '@jest/globals';
import type { OutgoingRecord } from '../ports.ts';
import { appendAll } from './append-all.ts';

const appends = () => {
  const portions: string[][] = [];
  const append = async (_topic: string, records: readonly OutgoingRecord[]) => {
    portions.push(records.map(({ value }) => value));
  };
  return { portions, append };
};
const values = (count: number, length = 0) =>
  Array.from({ length: count }, (_, n) => ({ key: 'k', value: `${n}`.padEnd(length, ' ') }));

test('all records are appended in order, in portions of limited length', async () => {
  const { portions, append } = appends();
  const all = values(2500);
  await appendAll({ append }, 't', all);
  expect(portions.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  expect(portions.flat()).toEqual(all.map(({ value }) => value));
});

test('portions have a limited size; a larger record is appended alone', async () => {
  const { portions, append } = appends();
  await appendAll({ append }, 't', [...values(5, 400_000), ...values(1, 2_000_000), ...values(2, 10)]);
  expect(portions.map(({ length }) => length)).toEqual([2, 2, 1, 1, 2]);
});

test('without records, nothing is appended', async () => {
  const { portions, append } = appends();
  await appendAll({ append }, 't', []);
  expect(portions).toEqual([]);
});

test('after a failed portion, no later portion is appended', async () => {
  let tried = 0;
  const append = () => (++tried === 2 ? Promise.reject(new Error('down')) : Promise.resolve());
  await expect(appendAll({ append }, 't', values(4000))).rejects.toThrow('down');
  expect(tried).toBe(2);
});
