// Type declarations of the packages, for their build.js.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The beginning of a relative import in a declaration, and its path without the extension. */
const IMPORT = /((?:from |import\()['"])(\.[^'"]+)\.ts(?=['"])/g;

/** Runs the compiler. @throws Error when it finds a problem, which it prints */
export const tsc = (/** @type {string[]} */ ...args) => {
  const program = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  execFileSync(process.execPath, [program, ...args], { stdio: 'inherit' });
};

/**
 * Removes the declarations that no entry imports: those of internal modules, which import packages that are not
 * installed with this one. The others are changed to import `.js`, which every version of TypeScript resolves.
 * @param {string} folder
 * @param {readonly string[]} entries
 */
export const keepPublicDeclarations = (folder, entries) => {
  const needed = new Set();
  const visit = (/** @type {string} */ file) => {
    if (needed.has(file)) return;
    needed.add(file);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(IMPORT, '$1$2.js'));
    for (const [, , path = ''] of text.matchAll(IMPORT)) visit(`${join(dirname(file), path)}.d.ts`);
  };
  for (const entry of entries) visit(join(folder, entry));
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, name);
    if (name.endsWith('.d.ts') && !needed.has(file)) rmSync(file);
  }
};
