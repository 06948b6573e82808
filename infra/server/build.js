// Builds `dist/serve.mjs`: `npm run serve` with all of its libraries in one file, for the container image.
// Usage: `node build.js [folder]`; the default folder is dist.
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const out = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist'));
const plugins = createRequire(import.meta.url)('../esbuild-plugins.cjs');

rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: { serve: join(root, 'scripts/serve.ts') },
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // On-failure destinations, which the mappings do not use.
  external: ['@aws-sdk/client-s3', '@aws-sdk/client-sns', '@aws-sdk/client-sqs'],
  // CommonJS libraries call `require`.
  banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
  legalComments: 'linked',
  plugins: plugins({ processedInput: { commands: ['package'] } }),
  logLevel: 'warning',
});
