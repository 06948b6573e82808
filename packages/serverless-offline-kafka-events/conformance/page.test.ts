import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { problems, renderPage } from './page.ts';
import { ROWS } from './rows.ts';
import { findTests } from './tests.ts';

const root = join(import.meta.dirname, '..');
const tests = findTests(root);

test('there are 83 rows, and each has a test or a reason for having none', () => {
  expect(Object.keys(ROWS)).toEqual(Array.from({ length: 83 }, (_, n) => `K-${String(n + 1).padStart(2, '0')}`));
  expect(problems(ROWS, tests)).toEqual([]);
});

test('a row without a test, and a test without a row, are reported', () => {
  const rows = { 'K-01': { text: 'a', source: 'b' }, 'K-02': { text: 'a', source: 'b', without: 'c' } };
  expect(problems(rows, [{ name: 'K-03 x', file: 'f' }])).toEqual([
    'K-01 has neither a test nor a reason',
    'K-03 has tests but no row',
  ]);
});

test('the tests in a suite are listed with its title', () => {
  const row = { text: 'a', source: 'b' };
  const named = [
    { suite: 'a batch', name: 'K-01 K-02 closes', file: 'f' },
    { suite: 'a batch', name: 'K-01 to K-03 has %s', file: 'f' },
    { name: 'K-01 works', file: 'f' },
  ];
  expect(renderPage({ 'K-01': row }, named)).toContain('| `f`: *a batch* closes; has …; works |');
  expect(tests).toContainEqual({
    suite: 'the batching window',
    name: 'K-18 starts when the previous invocation completes',
    file: 'src/poller/batcher.test.ts',
  });
});

test('CONFORMANCE.md is up to date; if this fails, run `npm run conformance:page`', () => {
  expect(readFileSync(join(root, 'CONFORMANCE.md'), 'utf8')).toBe(renderPage(ROWS, tests));
});

test('neither messages in the source code nor README.md contain ids of rows, which users do not know', () => {
  const comments = /\/\*[^]*?\*\/|\/\/.*/g;
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.[jt]s$/.test(file) && !file.endsWith('.test.ts'),
  );
  const named = ['README.md', ...sources.map((file) => join('src', file))].filter((file) =>
    /\bK-\d\d/.test(readFileSync(join(root, file), 'utf8').replace(comments, '')),
  );
  expect(named).toEqual([]);
});
