import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolders } from './support/folder.ts';

interface Entry {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
}

const ROOT = join(import.meta.dirname, '..');
const newFolder = temporaryFolders();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
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

test('the install script ends with an error when npm did not start it, and does not mark anything as installed', () => {
  const clone = newFolder();
  for (const file of ['package.json', 'package-lock.json', 'scripts/install.js'])
    cpSync(join(ROOT, file), join(clone, file));
  mkdirSync(join(clone, 'node_modules'));
  const { npm_execpath: _, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [join(clone, 'scripts/install.js')], {
    env,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, expect.stringContaining('npm_execpath is not set: start this by npm')]);
  expect(readdirSync(join(clone, 'node_modules'))).toEqual([]);
});
