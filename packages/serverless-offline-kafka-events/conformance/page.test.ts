import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { problems, renderPage } from './page.ts';
import { ROWS } from './rows.ts';
import { findTests } from './tests.ts';

const root = join(import.meta.dirname, '..');
const tests = findTests(root);

test('there are 83 rows, and each has a test or a reason', () => {
  expect(Object.keys(ROWS)).toEqual(Array.from({ length: 83 }, (_, n) => `K-${String(n + 1).padStart(2, '0')}`));
  expect(problems(ROWS, tests)).toEqual([]);
});

test('a row without a test and a test without a row are problems', () => {
  const rows = { 'K-01': { text: 'a', source: 'b' }, 'K-02': { text: 'a', source: 'b', without: 'c' } };
  expect(problems(rows, [{ name: 'K-03 x', file: 'f' }])).toEqual([
    'K-01 has neither a test nor a reason',
    'K-03 is tested but is no row',
  ]);
});

test('CONFORMANCE.md is up to date: else run `npm run conformance:page`', () => {
  expect(readFileSync(join(root, 'CONFORMANCE.md'), 'utf8')).toBe(renderPage(ROWS, tests));
});

test('no message of the sources, and no text of README.md, names a row: users do not know them', () => {
  const comments = /\/\*[^]*?\*\/|\/\/.*/g;
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.[jt]s$/.test(file) && !file.endsWith('.test.ts'),
  );
  const named = ['README.md', ...sources.map((file) => join('src', file))].filter((file) =>
    /\bK-\d\d/.test(readFileSync(join(root, file), 'utf8').replace(comments, '')),
  );
  expect(named).toEqual([]);
});
