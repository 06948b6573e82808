// Runs before `npm start` and `npm test`: installs the dependencies if the lock file has changed, and builds the plugin
// if its sources have. Plain JavaScript with Node's own modules, because nothing else is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const plugin = join(root, 'packages', 'serverless-offline-kafka-events');
/** Folders of the plugin's sources. */
const sources = [join(plugin, 'src'), join(root, 'packages', 'kafka-records', 'src')];
const stamp = join(root, 'node_modules', '.installed-lock');

/** @param {string} file */
const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Flags that override the user's npm configuration where it would prevent a complete local installation. */
const FLAGS = [
  ...['--ignore-scripts=false', '--dry-run=false', '--global=false', '--package-lock-only=false', '--bin-links=true'],
  // Development tools are needed with any NODE_ENV, and esbuild's program is an optional dependency.
  ...['--include=dev', '--include=optional', '--include=peer', '--no-audit', '--no-fund', '--loglevel=error'],
];

/** npm's cache, or another folder when it is not writable. */
const cache = () => {
  const usual = process.env.npm_config_cache;
  if (!usual) return [];
  try {
    mkdirSync(usual, { recursive: true });
    rmdirSync(mkdtempSync(join(usual, 'probe-')));
    return [];
  } catch {
    return [`--cache=${join(tmpdir(), `emoji-streaming-npm-${process.getuid?.() ?? 'user'}`)}`];
  }
};

/** The environment without npm and Node.js settings that are meant for other projects. */
const environment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(NODE_OPTIONS|npm_config_(workspaces?|prefix|only|omit|include|production|dev))$/i.test(name),
    ),
  );

/** @param {string[]} args */
const npm = (args) => {
  // npm passes its own path to scripts; on Windows the command `npm` could not be spawned without a shell.
  const cli = process.env.npm_execpath ?? '';
  const { status } = spawnSync(process.execPath, [cli, ...args], { cwd: root, stdio: 'inherit', env: environment() });
  if (status !== 0) process.exit(status ?? 1);
};

/** @param {string} folder */
const newest = (folder) => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
};

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`This needs Node.js 20.19 or newer; this is ${process.versions.node}. See .nvmrc.`);
  process.exit(1);
}

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (read(stamp) !== lock) {
  console.log('installing the dependencies (npm ci)…');
  // Its `prepare` builds the plugin.
  npm(['ci', ...FLAGS, ...cache()]);
  writeFileSync(stamp, lock);
} else if (
  Math.max(...sources.map(newest)) >
  (statSync(join(plugin, 'dist', 'index.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0)
) {
  npm(['run', '--silent', '--ignore-scripts=false', 'prepare']);
}
