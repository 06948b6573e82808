// Runs before every command of package.json: installs the dependencies if the lock file has changed, and builds the
// plugin, the SDK and the page if their sources have. Plain JavaScript with Node's own modules, because nothing else is
// installed yet. Prints to standard error only, because the output of the command itself may be read by a program.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
/** What `prepare` builds: the sources (files and folders), and one of the files that are built from them. */
const BUILDS = [
  {
    sources: ['packages/serverless-offline-kafka-events/src', 'packages/kafka-records/src'],
    built: 'packages/serverless-offline-kafka-events/dist/index.js',
  },
  { sources: ['packages/live-reactions/src'], built: 'packages/live-reactions/dist/index.js' },
  {
    sources: [
      ...['src', 'styles', 'docs', 'index.html', 'overlay.html', 'favicon.svg', 'build.js'].map(
        (name) => `web/${name}`,
      ),
      'packages/live-reactions/src',
    ],
    built: 'web/dist/page.js',
  },
];
const stamp = join(root, 'node_modules', '.installed-lock');
/** Holds the process id of a running installation. */
const lock = join(root, '.local', 'install.lock');

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
  const cli = process.env.npm_execpath;
  if (!cli) {
    console.error(
      'npm_execpath is not set: start this by npm, for example with `npm start`, or run `npm ci` yourself.',
    );
    process.exit(1);
  }
  const { status } = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    stdio: ['inherit', process.stderr.fd, process.stderr.fd],
    env: environment(),
  });
  if (status !== 0) process.exit(status ?? 1);
};

/** When a file was changed, or the newest one in a folder; 0 if there is none. @param {string} path */
const newest = (path) => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
};

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`This needs Node.js 20.19 or newer; this is ${process.versions.node}. See .nvmrc.`);
  process.exit(1);
}

const lockFile = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const mustInstall = () => read(stamp) !== lockFile;
const mustBuild = () =>
  BUILDS.some(
    ({ sources, built }) => Math.max(...sources.map((path) => newest(join(root, path)))) > newest(join(root, built)),
  );

/** @param {number} pid */
const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
};

/** Waits for the installation of another command: in a new clone, two terminals may be the first at the same time. */
const takeLock = () => {
  mkdirSync(dirname(lock), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      process.on('exit', () => rmSync(lock, { force: true }));
      return;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const holder = Number(read(lock));
    if (holder && !isRunning(holder)) rmSync(lock, { force: true });
    else {
      if (!waited) console.error(`waiting for an installation in another terminal (${lock})…`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
};

if (mustInstall() || mustBuild()) {
  takeLock();
  // Checked again, because another command may have installed meanwhile.
  if (mustInstall()) {
    console.error('installing the dependencies (npm ci)…');
    // Its `prepare` builds the plugin, the SDK and the page.
    npm(['ci', ...FLAGS, ...cache()]);
    writeFileSync(stamp, lockFile);
  } else if (mustBuild()) npm(['run', '--silent', '--ignore-scripts=false', 'prepare']);
}
