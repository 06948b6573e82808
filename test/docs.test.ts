import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTable } from '../scripts/lib/config-table.ts';
import { section } from '../scripts/lib/markdown.ts';
import { PACKAGES, readManifest, repositoryLinks } from '../scripts/lib/repository-links.ts';

const cells = (text: string) => text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
const withoutRulers = (text: string) =>
  JSON.stringify(cells(text)).replaceAll(/-{3,}/g, '---').replaceAll('\\u200b', '');

const ROOT = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('every command in the documents is a script of package.json', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    ...readdirSync(join(ROOT, 'docs'))
      .filter((file) => file.endsWith('.md'))
      .map((file) => join('docs', file)),
  ];
  const commands = documents.flatMap((file) => [...read(file).matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)]);
  const names = new Set(commands.map(([, name = '']) => name));
  expect(names).toContain('simulate');
  expect([...names].filter((name) => !(name in scripts))).toEqual([]);
});

test('every script of package.json works in a new clone: it installs first, or only calls npm', () => {
  const others = Object.entries(scripts).filter(
    ([name, command]) => name !== 'prepare' && !command.startsWith('node scripts/install.js && '), // npm calls `prepare`
  );
  expect(others.filter(([, command]) => !command.split(' && ').every((part) => part.startsWith('npm ')))).toEqual([]);
});

test('the configuration table of the README is up to date (`npm run docs`)', () => {
  const readme = read('README.md');
  expect(withoutRulers(readme)).toBe(withoutRulers(section(readme, 'configuration', configTable())));
});

test.each(PACKAGES)('%s has the repository address of the root’s package.json (`npm run docs`)', (folder) => {
  expect(readManifest(folder)).toMatchObject(repositoryLinks(readManifest('.').repository.url, folder));
});
