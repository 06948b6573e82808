// `npm run check`: what npm would publish of `dist` as it stands, by publint, and its types by attw ("Are the types wrong?").
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dir = mkdtempSync(join(tmpdir(), 'check-package-'));

/** npm puts the programs of installed packages on the path. */
const run = (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
  execFileSync(program, args, { cwd: import.meta.dirname, stdio: 'pipe', encoding: 'utf8' });

try {
  run('npm', 'pack', '--ignore-scripts', '--pack-destination', dir);
  const tarball = join(dir, readdirSync(dir)[0] ?? '');
  run('publint', tarball, '--strict');
  // The package is ES modules only; `require` of Node.js 20.19 and newer loads them too.
  run('attw', tarball, '--profile', 'esm-only');
} catch (error) {
  const { stdout = '', stderr = '' } = /** @type {{ stdout?: string; stderr?: string }} */ (error);
  console.error(stdout + stderr || error);
  process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true });
}
