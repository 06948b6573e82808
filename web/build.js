// Builds `dist`, the folder that the page's server serves: the viewers' page and the OBS overlay.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const out = join(root, 'dist');

rmSync(out, { recursive: true, force: true });
mkdirSync(out);
await build({
  entryPoints: ['src/page.ts', 'src/overlay.ts', 'styles/page.css', 'styles/overlay.css'].map((file) =>
    join(root, file),
  ),
  entryNames: '[name]',
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  // Browsers since 2023, OBS 30 and newer.
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  logLevel: 'warning',
});
for (const file of readdirSync(root)) {
  if (/\.(html|svg)$/.test(file)) copyFileSync(join(root, file), join(out, file));
}
