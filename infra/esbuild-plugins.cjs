const { readdirSync, readFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

/** @param {string} name */
const camelCase = (name) => name.replace(/-(.)/g, (_match, char) => String(char).toUpperCase());

/**
 * Inlines the Lua scripts into the bundles, where `lib/adapters/redis/scripts.ts` can't read them from files.
 * @type {import('esbuild').Plugin[]}
 */
module.exports = [
  {
    name: 'inline-lua',
    setup(build) {
      build.onLoad({ filter: /adapters[\\/]redis[\\/]scripts\.ts$/ }, ({ path }) => {
        const folder = join(dirname(path), 'lua');
        const scripts = readdirSync(folder).map((file) => [
          camelCase(basename(file, '.lua')),
          readFileSync(join(folder, file), 'utf8'),
        ]);
        return { contents: `export const scripts = ${JSON.stringify(Object.fromEntries(scripts))}`, loader: 'js' };
      });
    },
  },
];
