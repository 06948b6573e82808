import { existsSync, lstatSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { composeProject } from '../infra/local/compose.ts';
import { claimDataDir, DATA_NAMES, DEFAULT_DATA_DIR, isMarked } from '../infra/local/data-dir.ts';
import { runningDataDirs } from '../infra/local/endpoints.ts';
import { SetupError } from '../infra/local/errors.ts';
import { LIB } from '../infra/local/jars.ts';
import { runProgram } from '../infra/local/run.ts';
import { type Io, readArgs, runScript, UsageError } from './lib/cli.ts';

const HELP = `npm run reset [-- options]     deletes the data of the local broker and Redis

  --all             also deletes the downloaded programs, which all data folders share; the next "npm start" downloads
                    them again (67 MB)
  --data-dir PATH   data folder of an earlier "npm start" (.local)
  --help

Deletes only files that "npm start" has written, and nothing while "npm start" runs. Brokers and Redis servers that
KAFKA_BROKERS and REDIS_URL name are not touched.

Exit code 1 when it failed, 2 for wrong usage.`;

/** Whether Docker is available: its volumes may hold data. */
async function dockerAnswers(): Promise<boolean> {
  const [engine, compose] = await Promise.all([
    runProgram('docker', ['info', '--format', '{{.ServerVersion}}'], 5000),
    runProgram('docker', ['compose', 'version'], 5000),
  ]);
  return engine.ok && compose.ok;
}

export async function main(args: string[], io: Io): Promise<number> {
  const { values } = readArgs({
    args,
    options: { all: { type: 'boolean' }, 'data-dir': { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const path = resolve(values['data-dir'] ?? DEFAULT_DATA_DIR);
  const isDefault = path === DEFAULT_DATA_DIR;
  if (values['data-dir'] === '') throw new UsageError('--data-dir should be a path, not an empty text.');
  if (values.all && !isDefault)
    throw new UsageError(
      '--all removes the programs that all data folders share, so it cannot be combined with --data-dir.',
    );
  if (!isDefault && !isMarked(path))
    throw new SetupError(
      existsSync(path)
        ? `${path} is not a data folder of "npm start": nothing is removed.`
        : `${path} does not exist: nothing is removed.`,
    );
  // Checked before the folder is claimed, because claiming creates files in it.
  const hadData = DATA_NAMES.some((name) => exists(join(path, name)));
  const dir = await claimDataDir(path, io.print);
  try {
    if (values.all) assertUnused();
    if (await dockerAnswers()) {
      await composeProject(dir.path, { kafka: 0, redis: 0 }).down('volumes');
      io.print('the containers and volumes in Docker are removed');
    }
    for (const name of DATA_NAMES) remove(join(dir.path, name));
    io.print(hadData ? `the data in ${dir.path} is removed` : `there is no data in ${dir.path}`);
    if (values.all) io.print(remove(LIB) ? `the programs in ${LIB} are removed` : `there are no programs in ${LIB}`);
  } finally {
    dir.release();
  }
  return 0;
}

/** Whether the path exists; a dangling symbolic link counts. */
const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Returns whether the path existed. Of a symbolic link only the link is removed. */
function remove(path: string): boolean {
  const there = exists(path);
  rmSync(path, { recursive: true, force: true });
  return there;
}

/** @throws SetupError while a platform with another data folder uses the programs that would be deleted. */
function assertUnused(): void {
  const [dataDir] = runningDataDirs();
  if (dataDir)
    throw new SetupError(`A platform is running with these programs (data folder ${dataDir}): stop it first.`);
}

await runScript(import.meta, 'reset', main);
