import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
}

const read = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8');
const text = read('package-lock.json');
const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
const workspaces = (JSON.parse(read('package.json')) as { workspaces: string[] }).workspaces;
const installed = Object.entries(packages).filter(([path, { link }]) => path.startsWith('node_modules/') && !link);

test('every package that is installed has the hash of its contents in the lock file', () => {
  expect(installed.length).toBeGreaterThan(500);
  expect(installed.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
});

test('only this repository’s own packages have no hash', () => {
  const own = Object.entries(packages).filter(([, { integrity }]) => integrity === undefined);
  const links = own.filter(([, { link }]) => link);
  expect(links.map(([, { resolved }]) => resolved)).toEqual(workspaces);
  expect(own.filter(([, { link }]) => !link).map(([path]) => path)).toEqual(['', ...workspaces]);
});

test('the lock file names no registry: where packages come from is the business of whoever installs them', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(text).not.toMatch(/"resolved": "[^"]*:/);
});

test('a fresh clone is installed from the lock file alone', () => {
  expect(read('scripts/install.js')).toMatch(/npm\(\['ci', /);
  expect(read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
});
