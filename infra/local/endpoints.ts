import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { commandLine } from './process.ts';

export const ENDPOINTS_FILE = 'endpoints.json';

/** Where the running `npm start` has its broker and Redis, for scripts in other terminals; undefined when none runs. */
export function localEndpoints(dataDir = DEFAULT_DATA_DIR): { KAFKA_BROKERS: string; REDIS_URL: string } | undefined {
  try {
    const found = JSON.parse(readFileSync(join(dataDir, ENDPOINTS_FILE), 'utf8')) as Record<string, unknown>;
    const { kafkaBrokers, redisUrl, pid } = found;
    if (typeof kafkaBrokers !== 'string' || typeof redisUrl !== 'string' || typeof pid !== 'number') return undefined;
    return commandLine(pid) ? { KAFKA_BROKERS: kafkaBrokers, REDIS_URL: redisUrl } : undefined;
  } catch {
    return undefined;
  }
}
