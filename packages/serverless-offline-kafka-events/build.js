// Builds `dist`: the compiled sources, the type declarations of the package's entry, a private copy of kafkajs, and the
// package `kafka-records` of this repository.
// Usage: `node build.js [folder]`; the default folder is dist.
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { keepPublicDeclarations, tsc } from '../tools/declarations.js';

const require = createRequire(import.meta.url);
const root = import.meta.dirname;
const { peerDependencies } = require('./package.json');
const out = resolve(process.argv[2] ?? join(root, 'dist'));

const compile = () => {
  // TypeScript also compiles the sources of `kafka-records`, because its types are imported: they are not kept.
  const compiled = mkdtempSync(join(root, '.build-'));
  try {
    tsc('-p', join(root, 'tsconfig.build.json'), '--outDir', compiled);
    renameSync(join(compiled, basename(root), 'src'), out);
  } finally {
    rmSync(compiled, { recursive: true });
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
keepPublicDeclarations(out, ['index.d.ts']);
await Promise.all([bundleKafkajs(), bundleKafkaRecords()]);
