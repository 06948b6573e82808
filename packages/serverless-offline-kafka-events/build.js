// Builds `dist`: the compiled sources, the declarations that the package's entry needs, and a private copy of kafkajs.
// `node build.js [folder]`, default dist.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const root = import.meta.dirname;
const out = resolve(process.argv[2] ?? join(root, 'dist'));

/** The beginning of a relative import in a declaration, and its path without the extension. */
const IMPORT = /((?:from |import\()['"])(\.[^'"]+)\.ts(?=['"])/g;

const compile = () => {
  const tsc = require.resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', out], { stdio: 'inherit' });
};

/**
 * Declarations of internal modules name packages that are not installed with this one. Those that stay import `.js`,
 * which every version of TypeScript resolves.
 */
const keepPublicDeclarations = () => {
  const needed = new Set();
  const visit = (/** @type {string} */ file) => {
    if (needed.has(file)) return;
    needed.add(file);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(IMPORT, '$1$2.js'));
    for (const [, , path = ''] of text.matchAll(IMPORT)) visit(`${join(dirname(file), path)}.d.ts`);
  };
  visit(join(out, 'index.d.ts'));
  for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    const file = join(out, name);
    if (name.endsWith('.d.ts') && !needed.has(file)) rmSync(file);
  }
};

/** kafkajs is patched (see src/broker): in a copy of its own, so that the kafkajs of the service stays as it is. */
const bundleKafkajs = async () => {
  const kafkajs = dirname(require.resolve('kafkajs/package.json'));
  await build({
    stdin: {
      contents: `module.exports = {
        ...require('kafkajs'),
        internals: {
          Fetch: require('kafkajs/src/protocol/requests/fetch'),
          Batch: require('kafkajs/src/consumer/batch'),
        },
      };`,
      resolveDir: root,
    },
    outfile: join(out, 'kafkajs.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
    banner: {
      js: [
        `/* kafkajs ${require('kafkajs/package.json').version}, MIT License: see kafkajs.LICENSE */`,
        // kafkajs sets timers with negative delays, of which newer versions of Node.js warn.
        'const setTimeout = (callback, ms, ...args) => globalThis.setTimeout(callback, ms < 1 ? 1 : ms, ...args);',
      ].join('\n'),
    },
  });
  copyFileSync(join(kafkajs, 'LICENSE'), join(out, 'kafkajs.LICENSE'));
};

if (existsSync(out)) rmSync(out, { recursive: true });
compile();
keepPublicDeclarations();
await bundleKafkajs();
