import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SetupError } from './errors.ts';
import { takeLock } from './lock.ts';
import { commandLine, signal } from './process.ts';
import { waitFor } from './wait.ts';

export const REPO = resolve(import.meta.dirname, '../..');
export const DEFAULT_DATA_DIR = join(REPO, '.local');

/** The names that a start uses in its data folder. */
export const DATA_NAMES = [
  ...['kafka', 'kafka.new', 'redis', 'logs', 'home', 'pids'],
  ...['version.json', 'endpoints.json', 'server.properties', 'format.properties'],
] as const;

/** Marks a folder in which these names were created by a start, so that `npm run reset` may remove them. */
const MARK_FILE = 'emoji-streaming.json';
const MARK = JSON.stringify({ madeBy: 'emoji-streaming-platform' });

export function isMarked(path: string): boolean {
  try {
    return readFileSync(join(path, MARK_FILE), 'utf8') === MARK;
  } catch {
    return false;
  }
}

/** @throws SetupError when a name in the folder was not created by a start. */
function mark(path: string): void {
  if (isMarked(path)) return;
  const foreign = path === DEFAULT_DATA_DIR ? undefined : DATA_NAMES.find((name) => existsSync(join(path, name)));
  if (foreign)
    throw new SetupError(
      `${path} cannot be used as the data folder: it holds ${foreign}, which "npm start" has not created. Use a new or empty folder.`,
    );
  writeFileSync(join(path, MARK_FILE), MARK);
}

/** A data folder that is used by this start alone. */
export interface DataDir {
  path: string;
  pidFile(service: string): string;
  /** Kills all processes of the folder at once. */
  killAll(): void;
  release(): void;
}

/** Claims the folder and ends processes that an earlier, killed start left running. */
export async function claimDataDir(dir: string, log: (line: string) => void = () => {}): Promise<DataDir> {
  if (dir === '') throw new SetupError('The data folder should be a path, not an empty text.');
  const path = resolve(dir);
  const pids = join(path, 'pids');
  try {
    mkdirSync(path, { recursive: true });
    mark(path);
    mkdirSync(pids, { recursive: true });
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`${path} cannot be used as the data folder: ${(error as Error).message}`);
  }
  const lock = takeLock(join(path, 'running.lock'));
  if ('heldBy' in lock) {
    throw new SetupError(
      `already running (pid ${lock.heldBy}): stop it with Ctrl-C in its terminal, or with: kill ${lock.heldBy}`,
    );
  }
  try {
    for (const file of readdirSync(pids)) await endLeftover(join(pids, file), path, log);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    path,
    pidFile: (service) => join(pids, `${service}.json`),
    killAll() {
      for (const file of readdirSync(pids)) {
        for (const pid of recorded(join(pids, file))) if (belongsTo(path, pid)) signal(pid, 'SIGKILL');
      }
    },
    release: lock.release,
  };
}

function recorded(pidFile: string): number[] {
  try {
    const { pid, guard } = JSON.parse(readFileSync(pidFile, 'utf8')) as { pid?: number; guard?: number };
    return [pid, guard].filter((each) => each !== undefined);
  } catch {
    return []; // removed meanwhile, or incomplete
  }
}

/** Pids are reused: a process is only ended if its command line names this folder. */
function belongsTo(dir: string, pid: number): boolean {
  const line = commandLine(pid);
  return line !== undefined && (line.includes(`${dir}/`) || line.includes(`${dir} `) || line.endsWith(dir));
}

async function endLeftover(pidFile: string, dir: string, log: (line: string) => void): Promise<void> {
  const pids = recorded(pidFile); // read once: the guard removes the file when the child has ended
  const left = () => pids.filter((pid) => belongsTo(dir, pid));
  const before = left();
  if (before.length > 0) {
    log(`ending processes that an earlier run left (pid ${before.join(', ')})`);
    for (const pid of before) signal(pid, 'SIGTERM');
    const gone = () => left().length === 0;
    if (!(await waitFor(gone, 6000))) for (const pid of left()) signal(pid, 'SIGKILL');
    if (!(await waitFor(gone, 2000))) {
      throw new SetupError(`A process of an earlier run does not end. Stop it with: kill -9 ${left().join(' ')}`);
    }
  }
  rmSync(pidFile, { force: true });
}
