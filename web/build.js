// Builds `dist`, the folder that the page's server serves: the viewers' page, the OBS overlay, and under `docs` the
// reader of the API documents.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const out = join(root, 'dist');
const require = createRequire(import.meta.url);
const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'));

/**
 * Copies the files of a folder whose names match.
 * @param {string} from
 * @param {string} to
 * @param {RegExp} names
 */
const copy = (from, to, names) => {
  for (const file of readdirSync(from)) if (names.test(file)) copyFileSync(join(from, file), join(to, file));
};

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, 'docs'), { recursive: true });
await build({
  entryPoints: Object.entries({ page: 'page', overlay: 'overlay', docs: 'docs/docs' }).flatMap(([name, target]) => [
    { in: join(root, `src/${name}.ts`), out: target },
    { in: join(root, `styles/${name}.css`), out: target },
  ]),
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  // Browsers since 2023, OBS 30 and newer.
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  logLevel: 'warning',
});
copy(root, out, /\.(html|svg)$/);
copy(join(root, 'docs'), join(out, 'docs'), /\.html$/);
copy(swaggerUi, join(out, 'docs'), /^(swagger-ui\.css|swagger-ui-bundle\.js)(\.LICENSE\.txt)?$/);
