// Before `npm start` and `npm test`: makes a fresh clone, or one whose lock file or plugin has changed, ready to run.
// Plain JavaScript with Node's own modules, since nothing else is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const plugin = join(root, 'packages', 'serverless-offline-kafka-events');
const stamp = join(root, 'node_modules', '.installed-lock');

/** @param {string} file */
const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** @param {string[]} args */
const npm = (args) => {
  // npm names itself to the scripts it runs; on Windows its program could not be spawned without a shell.
  const cli = process.env.npm_execpath ?? '';
  const { status } = spawnSync(process.execPath, [cli, ...args], { cwd: root, stdio: 'inherit' });
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
  // --include=dev: the tools are needed whatever NODE_ENV says. Its `prepare` builds the plugin.
  npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
} else if (
  newest(join(plugin, 'src')) > (statSync(join(plugin, 'dist', 'index.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0)
) {
  npm(['run', '--silent', 'prepare']);
}
