import { beforeEach, expect, test } from '@jest/globals';
import type { RecordLog } from '../ports.ts';
import { boundedLog } from './bounded-log.ts';

let pending: { done(): void; fail(error: Error): void }[];
let log: RecordLog;
beforeEach(() => {
  pending = [];
  log = boundedLog(
    {
      append: () =>
        new Promise((resolve, reject) => {
          pending.push({ done: resolve, fail: reject });
        }),
    },
    10,
  );
});
const append = (count: number, value = 'v') =>
  log.append(
    't',
    Array.from({ length: count }, () => ({ value })),
  );
const refusal = { code: 'overloaded', retriable: true };

test('above the bound an append is rejected at once and not passed on', async () => {
  const first = append(6);
  await expect(append(5)).rejects.toMatchObject(refusal);
  const second = append(4);
  await expect(append(1)).rejects.toMatchObject(refusal);
  expect(pending).toHaveLength(2);
  for (const { done } of pending) done();
  await Promise.all([first, second]);
});

test('appends are accepted again as soon as earlier ones have succeeded or failed', async () => {
  const first = append(10);
  pending[0]?.done();
  await first;
  const second = append(10);
  const failure = new Error('no acknowledgement');
  pending[1]?.fail(failure);
  await expect(second).rejects.toBe(failure);
  const third = append(10);
  pending[2]?.done();
  await third;
});

test('a large record is charged per KiB', async () => {
  const first = append(1, 'x'.repeat(9 * 1024 + 1));
  await expect(append(1)).rejects.toMatchObject(refusal);
  pending[0]?.done();
  await first;
});
