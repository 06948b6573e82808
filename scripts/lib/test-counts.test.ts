import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolders } from '../../test/support/folder.ts';
import { closingLine, readCounts } from './test-counts.ts';

const folder = temporaryFolders();

test('the counts of several runs are summed', () => {
  const file = join(folder(), 'counts');
  writeFileSync(file, '{"passed":3,"failed":0,"skipped":1}\n{"passed":4,"failed":2,"skipped":0}\n');
  expect(readCounts(file)).toEqual({ passed: 7, failed: 2, skipped: 1 });
  expect(readCounts(join(folder(), 'missing'))).toBeUndefined();
});

test('the closing line names skipped tests only when there are some', () => {
  expect(closingLine({ passed: 1800, failed: 0, skipped: 0 })).toBe('1800 passed, 0 failed');
  expect(closingLine({ passed: 7, failed: 2, skipped: 1 })).toBe('7 passed, 2 failed, 1 skipped');
});
