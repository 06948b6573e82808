// Builds `dist`: one minified module per entry, and their type declarations.
// Usage: `node build.js [folder]`; the default folder is dist.
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { keepPublicDeclarations, tsc } from '../tools/declarations.js';

const root = import.meta.dirname;
const out = resolve(process.argv[2] ?? join(root, 'dist'));
const ENTRIES = ['index'];

if (existsSync(out)) rmSync(out, { recursive: true });
tsc('-p', join(root, 'tsconfig.build.json'), '--outDir', out);
keepPublicDeclarations(
  out,
  ENTRIES.map((entry) => `${entry}.d.ts`),
);
await build({
  entryPoints: ENTRIES.map((entry) => join(root, 'src', `${entry}.ts`)),
  outdir: out,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  sourcemap: true,
  external: ['react'],
});
