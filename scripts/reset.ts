import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { composeProject } from '../infra/local/compose.ts';
import { claimDataDir, DEFAULT_DATA_DIR } from '../infra/local/data-dir.ts';
import { ENDPOINTS_FILE } from '../infra/local/endpoints.ts';
import { runProgram } from '../infra/local/run.ts';
import { type Io, readArgs, runScript } from './lib/cli.ts';

const HELP = `npm run reset [-- options]     removes the data of the local broker and Redis

  --all             the downloaded programs too; the next "npm start" downloads them again (67 MB)
  --data-dir PATH   where data is kept (.local)
  --help

Refuses while "npm start" runs. Brokers and Redis servers that KAFKA_BROKERS and REDIS_URL name are left alone.

Exit code 1 when it failed, 2 for wrong usage.`;

const DATA = ['kafka', 'kafka.new', 'redis', 'logs', 'version.json', 'server.properties', 'format.properties'];

/** Whether there is a Docker whose volumes may hold data. */
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
  const dir = await claimDataDir(values['data-dir'] ?? DEFAULT_DATA_DIR, io.print);
  try {
    if (await dockerAnswers()) {
      await composeProject(dir.path, { kafka: 0, redis: 0 }).down('volumes');
      io.print('the containers and volumes in Docker are removed');
    }
    for (const name of [...DATA, ENDPOINTS_FILE, ...(values.all ? ['lib'] : [])])
      rmSync(join(dir.path, name), { recursive: true, force: true });
    io.print(`the data in ${dir.path} is removed${values.all ? ', and the downloaded programs' : ''}`);
  } finally {
    dir.release();
  }
  return 0;
}

await runScript(import.meta, 'reset', main);
