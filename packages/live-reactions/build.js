// Builds `dist`: one module per entry, and their type declarations. Whoever bundles a page minifies it.
// Usage: `node build.js [folder]`; the default folder is dist.
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { keepPublicDeclarations, tsc } from '../tools/declarations.js';

const root = import.meta.dirname;
const out = resolve(process.argv[2] ?? join(root, 'dist'));
const ENTRIES = ['index', 'react', 'element', 'messages', 'testing'];

/** Entries import each other's built files, so that nobody downloads the core twice. @type {import('esbuild').Plugin} */
const otherEntries = {
  name: 'other-entries',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/\w+\.ts$/ }, ({ path, kind }) => {
      const name = path.slice(2, -3);
      return kind === 'import-statement' && ENTRIES.includes(name)
        ? { path: `./${name}.js`, external: true }
        : undefined;
    });
  },
};

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
  external: ['react'],
  plugins: [otherEntries],
});
