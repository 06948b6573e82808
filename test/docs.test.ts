import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTable } from '../scripts/lib/config-table.ts';
import { section } from '../scripts/lib/markdown.ts';
import { PACKAGES, readManifest, repositoryLinks } from '../scripts/lib/repository-links.ts';

const cells = (text: string) => text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
const withoutRulers = (text: string) =>
  JSON.stringify(cells(text)).replaceAll(/-{3,}/g, '---').replaceAll('\\u200b', '');

test('the configuration table of the README is up to date (`npm run docs`)', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(withoutRulers(readme)).toBe(withoutRulers(section(readme, 'configuration', configTable())));
});

test.each(PACKAGES)('%s has the repository address of the root’s package.json (`npm run docs`)', (folder) => {
  expect(readManifest(folder)).toMatchObject(repositoryLinks(readManifest('.').repository.url, folder));
});
