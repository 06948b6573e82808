import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SetupError } from './errors.ts';
import { takeLock } from './lock.ts';
import { commandLine, signal } from './process.ts';
import { waitFor } from './wait.ts';

export const REPO = resolve(import.meta.dirname, '../..');
export const DEFAULT_DATA_DIR = join(REPO, '.local');

/** One data folder belongs to one starter at a time. */
export interface DataDir {
  path: string;
  pidFile(service: string): string;
  /** Kills whatever runs in it, at once. */
  killAll(): void;
  release(): void;
}

/** Claims the folder and ends what an earlier, killed starter left running in it. */
export async function claimDataDir(dir: string, log: (line: string) => void = () => {}): Promise<DataDir> {
  const path = resolve(dir);
  const pids = join(path, 'pids');
  try {
    mkdirSync(pids, { recursive: true });
  } catch (error) {
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
    return []; // gone meanwhile, or half written
  }
}

/** Numbers are reused: only a process whose command line names this very folder is ours to end. */
function belongsTo(dir: string, pid: number): boolean {
  const line = commandLine(pid);
  return line !== undefined && (line.includes(`${dir}/`) || line.includes(`${dir} `) || line.endsWith(dir));
}

async function endLeftover(pidFile: string, dir: string, log: (line: string) => void): Promise<void> {
  const pids = recorded(pidFile); // read once: its guard removes the file when the child is gone
  const left = () => pids.filter((pid) => belongsTo(dir, pid));
  const before = left();
  if (before.length > 0) {
    log(`ending what an earlier run left behind (pid ${before.join(', ')})`);
    for (const pid of before) signal(pid, 'SIGTERM');
    const gone = () => left().length === 0;
    if (!(await waitFor(gone, 6000))) for (const pid of left()) signal(pid, 'SIGKILL');
    if (!(await waitFor(gone, 2000))) {
      throw new SetupError(`A process of an earlier run does not end: stop it with: kill -9 ${left().join(' ')}`);
    }
  }
  rmSync(pidFile, { force: true });
}
