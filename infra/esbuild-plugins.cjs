const { readdirSync, readFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

/** @param {string} name */
const camelCase = (name) => name.replace(/-(.)/g, (_match, char) => String(char).toUpperCase());

/**
 * Puts the Lua scripts into the bundles: `lib/adapters/redis/scripts.ts` reads them from files that a bundle lacks.
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
