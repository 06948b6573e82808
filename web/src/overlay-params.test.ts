import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { PARAMETERS, readOverlayParams } from './overlay-params.ts';

const read = (search: string) => {
  const warnings: string[] = [];
  return { params: readOverlayParams(search, (text) => warnings.push(text)), warnings };
};
const DEFAULTS = {
  ...{ room: undefined, theme: 'none', size: 48, density: 1, lane: 'full', max: 120 },
  ...{ emojis: undefined, delayMs: 0, demo: false },
};

test('nothing given, and unknown parameters', () => {
  expect(read('')).toEqual({ params: DEFAULTS, warnings: [] });
  expect(read('?colour=red&v=2')).toEqual({ params: DEFAULTS, warnings: [] });
});

test('every parameter', () => {
  const search = '?room=final&theme=dark&size=64&density=.5&lane=left&max=80&emojis=🔥,❤️%20👏&delay=2.5&demo=1';
  expect(read(search)).toEqual({
    params: {
      ...{ room: 'final', theme: 'dark', size: 64, density: 0.5, lane: 'left', max: 80 },
      ...{ emojis: ['🔥', '❤️', '👏'], delayMs: 2500, demo: true },
    },
    warnings: [],
  });
});

test('a wrong value has its default, and one warning says what it should be', () => {
  const { params, warnings } = read('?size=abc&lane=middle&max=1e9&room=a%20b&delay=-1&emojis=&demo=yes&density=0');
  expect(params).toEqual(DEFAULTS);
  expect(warnings).toHaveLength(8);
  expect(warnings).toContain('The parameter size should be a number from 16 to 200, not "abc". Its default is used.');
  expect(warnings).toContain('The parameter lane should be full, left, right, not "middle". Its default is used.');
});

test('every parameter is in the table of docs/viewers.md, and no other', () => {
  const text = readFileSync(new URL('../../docs/viewers.md', import.meta.url), 'utf8');
  const [, table = ''] = text.split('| overlay parameter');
  const names = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);
  expect(names).toEqual(Object.keys(PARAMETERS));
});
