const { readdirSync, readFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { dependencies } = require('../package.json');

/** @param {string} name */
const camelCase = (name) => name.replace(/-(.)/g, (_match, char) => String(char).toUpperCase());

/**
 * Inlines the Lua scripts into the bundles, where `lib/adapters/redis/scripts.ts` can't read them from files.
 * @type {import('esbuild').Plugin}
 */
const inlineLua = {
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
};

/** Those that are installed; the packages of this repository are TypeScript, which Node can't load. */
const installed = Object.keys(dependencies).filter((name) => name !== 'kafka-records');

/**
 * What runs on this machine loads libraries from node_modules: bundling them eight times takes longer than all the rest.
 * @type {import('esbuild').Plugin}
 */
const librariesOutside = {
  name: 'libraries-outside',
  setup({ initialOptions }) {
    initialOptions.external = [...(initialOptions.external ?? []), ...installed];
  },
};

/** @param {{ processedInput: { commands: string[] } }} framework */
module.exports = ({ processedInput: { commands } }) =>
  ['offline', 'invoke'].includes(commands[0] ?? '') ? [inlineLua, librariesOutside] : [inlineLua];
