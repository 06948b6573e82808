import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PACKAGE = join(import.meta.dirname, '..');

/** The tarball that npm would publish, made in a folder of its own: nothing here is built over. */
export const pack = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'packed-'));
  for (const file of ['package.json', 'README.md', 'LICENSE']) cpSync(join(PACKAGE, file), join(dir, file));
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const build = ['-p', join(PACKAGE, 'tsconfig.build.json'), '--outDir', join(dir, 'dist')];
  execFileSync(process.execPath, [tsc, ...build], { stdio: 'pipe' });
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts'], { cwd: dir, stdio: 'pipe' }).toString(),
  ) as [{ filename: string }];
  return join(dir, filename);
};
