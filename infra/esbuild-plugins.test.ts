import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { expect, test } from '@jest/globals';
import { REPO } from './local/data-dir.ts';

const require = createRequire(import.meta.url);
const pluginsFor = require('./esbuild-plugins.cjs') as (framework: object) => Plugin[];

test('a local bundle contains libraries that are ES modules only, and loads the others from node_modules', async () => {
  const { outputFiles } = await build({
    ...{ entryPoints: [join(REPO, 'lib/adapters/tcp/connect-limit.ts')], bundle: true, write: false },
    ...{ platform: 'node', target: 'node20', format: 'cjs' }, // as in serverless.yml
    plugins: pluginsFor({ processedInput: { commands: ['offline'] } }),
    footer: { js: `new module.exports.ConnectLimit(1, 1).run(['192.0.2.1'], async () => 'open').then(console.log)` },
  });
  const bundle = outputFiles[0]?.text ?? '';
  // p-limit has a default export only, which `require` does not return.
  const printed = execFileSync(process.execPath, ['-e', bundle], { cwd: REPO, encoding: 'utf8', stdio: 'pipe' });
  expect(printed).toBe('open\n');
  expect([...bundle.matchAll(/\brequire\("([^":]+)"\)/g)].map(([, name]) => name)).toEqual(['lru-cache']);
});
