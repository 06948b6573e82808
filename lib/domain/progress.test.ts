import { describe, expect, test } from '@jest/globals';
import { gapsBefore, isAnotherStream, spansOf, streamTime } from './progress.ts';

const at = (offset: number, timestamp: number) => ({ offset, timestamp });
const counted = new Map([['t-0', { offset: 9, newest: 100 }]]);

test('spansOf: the offsets that an event holds of each partition, and its latest record time', () => {
  expect(spansOf({ 't-0': [at(3, 7), at(4, 9), at(5, 8)], 't-1': [at(0, 1)], 't-2': [] })).toEqual(
    new Map([
      ['t-0', { first: 3, last: 5, newest: 9 }],
      ['t-1', { first: 0, last: 0, newest: 1 }],
    ]),
  );
});

test.each([
  ['where the counts end', 't-0', 10, []],
  ['again', 't-0', 4, []],
  ['later', 't-0', 12, [{ partition: 't-0', from: 10, to: 12 }]],
  ['at the beginning of a partition without counts', 't-1', 0, []],
  ['later in a partition without counts', 't-1', 3, [{ partition: 't-1', from: 0, to: 3 }]],
])('gapsBefore: read on %s', (_where, partition, next, gaps) => {
  expect(gapsBefore(counted, new Map([[partition, next]]))).toEqual(gaps);
});

describe('isAnotherStream', () => {
  test.each([
    ['records that were counted', [at(8, 90), at(9, 100)], false],
    ['one that was counted, and new ones', [at(9, 100), at(10, 500)], false],
    ['offsets that were counted, with records that were not there then', [at(0, 101)], true],
    ['of several, one of them', [at(8, 90), at(9, 101)], true],
  ])('%s', (_what, records, expected) => {
    expect(isAnotherStream(counted, { 't-0': records })).toBe(expected);
  });

  test('a partition without counts is none', () => {
    expect(isAnotherStream(counted, { 't-1': [at(0, 500)] })).toBe(false);
  });
});

test('streamTime: up to when all partitions are counted; nobody knows while one is not', () => {
  const two = new Map([...counted, ['t-1', { offset: 0, newest: 60 }] as const]);
  expect(streamTime(two, 't', 2)).toBe(60);
  expect(streamTime(two, 't', 3)).toBeUndefined();
});
