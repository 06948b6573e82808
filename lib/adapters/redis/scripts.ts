import { readFileSync } from 'node:fs';

/**
 * The Lua scripts, one file each in `lua/`, whose headers describe keys, arguments and answers. When the functions are
 * bundled, `infra/esbuild-plugins.cjs` replaces this module by one that holds the texts.
 */
const read = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

export const scripts = {
  applyBatch: read('apply-batch'),
  lacksKeys: read('lacks-keys'),
  trimWindows: read('trim-windows'),
  forgetRoom: read('forget-room'),
  markFinal: read('mark-final'),
  registry: read('registry'),
  subscribers: read('subscribers'),
  tokenBucket: read('token-bucket'),
  admitRooms: read('admit-rooms'),
};
