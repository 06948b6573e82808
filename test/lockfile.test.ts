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

test('the lock file has the hash of every installed package', () => {
  expect(installed.length).toBeGreaterThan(500);
  expect(installed.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
});

test('only the packages of this repository have no hash', () => {
  const own = Object.entries(packages).filter(([, { integrity }]) => integrity === undefined);
  const links = own.filter(([, { link }]) => link);
  expect(links.map(([, { resolved }]) => resolved)).toEqual(workspaces);
  expect(own.filter(([, { link }]) => !link).map(([path]) => path)).toEqual(['', ...workspaces]);
});

test('the lock file names no registry: each machine uses its configured one', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(text).not.toMatch(/"resolved": "[^"]*:/);
});

test('the install script uses `npm ci`, which installs exactly the versions of the lock file', () => {
  expect(read('scripts/install.js')).toMatch(/npm\(\['ci', /);
  expect(read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
});
