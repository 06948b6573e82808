import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { commandLine } from './process.ts';

const FILE = 'endpoints.json';
/** Names the data folder of each `npm start` of this clone that runs. */
const RUNNING = join(DEFAULT_DATA_DIR, 'running');

export interface Endpoints {
  KAFKA_BROKERS: string;
  REDIS_URL: string;
}

/** For scripts in other terminals; REDIS_URL may hold a password. */
export function writeEndpoints(dataDir: string, { KAFKA_BROKERS, REDIS_URL }: Endpoints): () => void {
  const file = join(dataDir, FILE);
  const { pid } = process;
  writeFileSync(file, JSON.stringify({ KAFKA_BROKERS, REDIS_URL, pid, command: commandLine(pid) }), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Where the platform with this data folder has its broker and Redis; undefined when none runs. */
export function localEndpoints(dataDir = DEFAULT_DATA_DIR): Endpoints | undefined {
  try {
    const found = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as Record<string, unknown>;
    const { KAFKA_BROKERS, REDIS_URL, pid, command } = found;
    if (typeof KAFKA_BROKERS !== 'string' || typeof REDIS_URL !== 'string' || typeof pid !== 'number') return undefined;
    // The command line too: the kernel may have given the number to another program since.
    return command !== undefined && commandLine(pid) === command ? { KAFKA_BROKERS, REDIS_URL } : undefined;
  } catch {
    return undefined;
  }
}

/** Lets the other scripts of this clone find the data folder, wherever it is. */
export function announce(dataDir: string): () => void {
  const file = join(RUNNING, createHash('sha256').update(dataDir).digest('hex').slice(0, 12));
  mkdirSync(RUNNING, { recursive: true });
  writeFileSync(file, dataDir);
  return () => rmSync(file, { force: true });
}

/** The data folders of the platforms of this clone that run now; those of killed starts are forgotten. */
export function runningDataDirs(): string[] {
  if (!existsSync(RUNNING)) return [];
  return readdirSync(RUNNING).flatMap((name) => {
    const file = join(RUNNING, name);
    try {
      const dataDir = readFileSync(file, 'utf8');
      if (localEndpoints(dataDir)) return [dataDir];
    } catch {
      // It has ended since the folder was read.
    }
    rmSync(file, { force: true });
    return [];
  });
}
