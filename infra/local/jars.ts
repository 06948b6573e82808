import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { javaEnvironment, plainMavenEnvironment } from './environment.ts';
import { SetupError } from './errors.ts';
import { withLock } from './lock.ts';
import { type Run, runProgram } from './run.ts';

const POM = join(import.meta.dirname, 'pom.xml');
/** Shared by all data folders, because the jars are the same and have 67 MB. */
export const LIB = join(DEFAULT_DATA_DIR, 'lib');

const pom = () => readFileSync(POM, 'utf8');
const jarsDir = (lib: string) => join(lib, createHash('sha256').update(pom()).digest('hex').slice(0, 12));

/** The broker's version, which is defined in the pom. */
export const kafkaVersion = (): string => /<artifactId>kafka_[^]*?<version>([^<]+)</.exec(pom())?.[1] ?? 'unknown';

export const jarsAreHere = (lib = LIB): boolean => existsSync(jarsDir(lib));

/** The folder with Kafka's jars and Redis's binaries, downloaded by Maven the first time. */
export async function ensureJars(log: (line: string) => void, lib = LIB, run: Run = runProgram): Promise<string> {
  const dir = jarsDir(lib);
  if (existsSync(dir)) return dir;
  mkdirSync(lib, { recursive: true });
  // Maven's cache does not support concurrent writers; a second process waits and then finds the folder.
  return withLock(join(lib, 'download.lock'), async () => {
    if (existsSync(dir)) return dir;
    for (const name of readdirSync(lib)) {
      if (name.startsWith('partial-')) rmSync(join(lib, name), { recursive: true });
    }
    log('downloading Apache Kafka and Redis with Maven, once (67 MB)…');
    // Renamed when complete, so that an interrupted download is not taken for a complete one.
    const partial = join(lib, `partial-${process.pid}`);
    const goals = ['dependency:copy-dependencies@jars', 'dependency:unpack-dependencies@redis'];
    const args = ['-q', '-B', '-f', POM, ...goals, `-Dout=${partial}`];
    // First with the user's Maven settings, which may hold a proxy; if that fails, without them.
    let done = { ok: false, output: '' };
    for (const env of [{ ...process.env, LC_ALL: javaEnvironment().LC_ALL }, plainMavenEnvironment()]) {
      done = await run('mvn', args, 300_000, env);
      if (done.ok) break;
    }
    if (!done.ok) {
      const errors = done.output.split('\n').filter((line) => line.includes('ERROR'));
      throw new SetupError(
        `Maven could not download Apache Kafka and Redis; check the network and try again. ${errors[0] ?? done.output.slice(-300)}`,
      );
    }
    renameSync(partial, dir);
    return dir;
  });
}

/** The Redis server in the jar for a system and processor. */
export function redisBinary(dir: string, system = platform(), processor = arch()): string | undefined {
  const name = `${system}-${processor === 'x64' ? 'amd64' : processor}`;
  const redis = join(dir, 'redis');
  const file = readdirSync(redis).find((each) => each.startsWith('redis-server-') && each.endsWith(name));
  if (!file) return undefined;
  chmodSync(join(redis, file), 0o755);
  return join(redis, file);
}
