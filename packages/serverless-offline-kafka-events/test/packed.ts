import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PACKAGE = join(import.meta.dirname, '..');

/** Creates the tarball that npm would publish with the current `dist`, in a new folder. */
export const pack = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'packed-'));
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', dir];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: PACKAGE, stdio: 'pipe' }).toString()) as [
    { filename: string },
  ];
  return join(dir, filename);
};

/** Creates a project with these dependencies and installs them. @param npmOptions such as `--offline` */
export const installProject = (dependencies: Readonly<Record<string, string>>, ...npmOptions: string[]): string => {
  const dir = mkdtempSync(join(tmpdir(), 'project-'));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...npmOptions], { cwd: dir, stdio: 'pipe' });
  return dir;
};
