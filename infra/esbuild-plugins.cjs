const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { basename, dirname, extname, join } = require('node:path');
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

/**
 * Whether the file is a CommonJS module: by its extension, or else by the nearest package.json.
 * @param {string} file
 */
const isCommonJs = (file) => {
  if (extname(file) !== '.js') return extname(file) === '.cjs';
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = join(folder, 'package.json');
    if (existsSync(found)) return JSON.parse(readFileSync(found, 'utf8')).type !== 'module';
  }
};

/**
 * The dependencies that a bundle, which is a CommonJS module, can load at run time. For an ES module, `require` returns
 * an object without the default export that the bundle expects, or fails on older versions of Node.js. The packages of
 * this repository are TypeScript, so they are bundled too.
 */
const loadable = Object.keys(dependencies).filter((name) => isCommonJs(require.resolve(name)));

/**
 * Functions that run on this machine load their libraries from node_modules. Bundling the libraries into each function
 * takes longer than all other steps together.
 * @type {import('esbuild').Plugin}
 */
const librariesOutside = {
  name: 'libraries-outside',
  setup({ initialOptions }) {
    initialOptions.external = [...(initialOptions.external ?? []), ...loadable];
  },
};

/** @param {{ processedInput: { commands: string[] } }} framework */
module.exports = ({ processedInput: { commands } }) =>
  ['offline', 'invoke'].includes(commands[0] ?? '') ? [inlineLua, librariesOutside] : [inlineLua];
