import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { commandLine } from './process.ts';

const FILE = 'endpoints.json';
/** Holds a file for each running `npm start` of this clone, with the path of its data folder. */
const RUNNING = join(DEFAULT_DATA_DIR, 'running');

export interface Endpoints {
  KAFKA_BROKERS: string;
  REDIS_URL: string;
}

/** Writes the endpoints for scripts in other terminals. The mode is 600, because REDIS_URL may hold a password. */
export function writeEndpoints(dataDir: string, { KAFKA_BROKERS, REDIS_URL }: Endpoints): () => void {
  const file = join(dataDir, FILE);
  const { pid } = process;
  writeFileSync(file, JSON.stringify({ KAFKA_BROKERS, REDIS_URL, pid, command: commandLine(pid) }), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** The endpoints of the platform that runs with this data folder, if any. */
export function localEndpoints(dataDir = DEFAULT_DATA_DIR): Endpoints | undefined {
  try {
    const found = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as Record<string, unknown>;
    const { KAFKA_BROKERS, REDIS_URL, pid, command } = found;
    if (typeof KAFKA_BROKERS !== 'string' || typeof REDIS_URL !== 'string' || typeof pid !== 'number') return undefined;
    // The command line is compared too, because another program may have got the same pid.
    return command !== undefined && commandLine(pid) === command ? { KAFKA_BROKERS, REDIS_URL } : undefined;
  } catch {
    return undefined;
  }
}

/** Lets other scripts of this clone find the data folder. */
export function announce(dataDir: string): () => void {
  const file = join(RUNNING, createHash('sha256').update(dataDir).digest('hex').slice(0, 12));
  mkdirSync(RUNNING, { recursive: true });
  writeFileSync(file, dataDir);
  return () => rmSync(file, { force: true });
}

/** The data folders of the running platforms of this clone. Entries of killed starts are removed. */
export function runningDataDirs(): string[] {
  if (!existsSync(RUNNING)) return [];
  return readdirSync(RUNNING).flatMap((name) => {
    const file = join(RUNNING, name);
    try {
      const dataDir = readFileSync(file, 'utf8');
      if (localEndpoints(dataDir)) return [dataDir];
    } catch {
      // The platform has ended meanwhile.
    }
    rmSync(file, { force: true });
    return [];
  });
}
