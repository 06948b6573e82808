// `npm run check` of a package: checks what npm would publish with publint, and its types with attw ("Are the types
// wrong?"). Run in the package's folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dir = mkdtempSync(join(tmpdir(), 'check-package-'));

/** Runs a program of an installed package, which npm puts on the path. */
const run = (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
  execFileSync(program, args, { stdio: 'pipe', encoding: 'utf8' });

try {
  run('npm', 'pack', '--ignore-scripts', '--pack-destination', dir);
  const tarball = join(dir, readdirSync(dir)[0] ?? '');
  run('publint', tarball, '--strict');
  // The package has only ES modules; `require` of Node.js 20.19 and newer can load them.
  run('attw', tarball, '--profile', 'esm-only');
} catch (error) {
  const { stdout = '', stderr = '' } = /** @type {{ stdout?: string; stderr?: string }} */ (error);
  console.error(stdout + stderr || error);
  process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true });
}
