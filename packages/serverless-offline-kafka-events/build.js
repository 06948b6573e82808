// Builds `dist`: the compiled sources, the type declarations of the package's entry, a private copy of kafkajs, and the
// package `kafka-records` of this repository.
// Usage: `node build.js [folder]`; the default folder is dist.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const root = import.meta.dirname;
const { peerDependencies } = require('./package.json');
const out = resolve(process.argv[2] ?? join(root, 'dist'));

/** The beginning of a relative import in a declaration, and its path without the extension. */
const IMPORT = /((?:from |import\()['"])(\.[^'"]+)\.ts(?=['"])/g;

const compile = () => {
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  // TypeScript also compiles the sources of `kafka-records`, because its types are imported: they are not kept.
  const compiled = mkdtempSync(join(root, '.build-'));
  try {
    const args = ['-p', join(root, 'tsconfig.build.json'), '--outDir', compiled];
    execFileSync(process.execPath, [tsc, ...args], { stdio: 'inherit' });
    renameSync(join(compiled, basename(root), 'src'), out);
  } finally {
    rmSync(compiled, { recursive: true });
  }
};

/**
 * Removes the declarations of internal modules, which import packages that are not installed with this one. The others
 * are changed to import `.js`, which every version of TypeScript resolves.
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

/** Bundles a private copy of kafkajs. It is patched (see src/broker); the kafkajs of a service is not changed. */
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
        // kafkajs measures time with Date: setting the system clock back would stop its heartbeats for as long.
        'const Date = class extends globalThis.Date { static now() { return Math.floor(performance.timeOrigin + performance.now()); } };',
        // kafkajs sets timers with negative delays, which cause warnings in newer versions of Node.js.
        'const setTimeout = (callback, ms, ...args) => globalThis.setTimeout(callback, ms < 1 ? 1 : ms, ...args);',
      ].join('\n'),
    },
  });
  copyFileSync(join(kafkajs, 'LICENSE'), join(out, 'kafkajs.LICENSE'));
};

/** Bundles `kafka-records`, which is not published, without the packages of codecs that few topics need. */
const bundleKafkaRecords = () =>
  build({
    stdin: {
      contents: `export * from 'kafka-records'; export * from 'kafka-records/topics';`,
      resolveDir: root,
    },
    outfile: join(out, 'kafka-records.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: Object.keys(peerDependencies),
  });

if (existsSync(out)) rmSync(out, { recursive: true });
compile();
keepPublicDeclarations();
await Promise.all([bundleKafkajs(), bundleKafkaRecords()]);
