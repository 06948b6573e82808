import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.ts';

export interface Versions {
  kafka: string;
  redis: string;
}

const FILE = 'version.json';
const line = (version: string) => version.split('.').slice(0, 2).join('.');

/** Rejects a folder with data of other versions before a server reads it. Patch releases share a format. */
export function checkVersions(dir: string, ours: Versions): void {
  const file = join(dir, FILE);
  const hasData = existsSync(join(dir, 'kafka')) || existsSync(join(dir, 'redis'));
  if (hasData) {
    const theirs = read(file);
    const differ = (['kafka', 'redis'] as const).filter((name) => line(theirs[name] ?? '') !== line(ours[name]));
    if (differ.length > 0) {
      const list = differ.map((name) => `${name} ${theirs[name] ?? 'of an unknown version'}, this is ${ours[name]}`);
      throw new SetupError(
        `The data in ${dir} was written by ${list.join('; ')}. Run "npm run reset" to start with an empty folder.`,
      );
    }
  }
  writeFileSync(file, JSON.stringify(ours));
}

function read(file: string): Partial<Versions> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Versions>;
  } catch {
    return {};
  }
}
