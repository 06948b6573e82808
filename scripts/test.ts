import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalInfra, type LocalInfra } from '../infra/local/index.ts';
import { ensureJars, jarsAreHere } from '../infra/local/jars.ts';
import { onParentDeath, onStopSignals } from '../infra/local/stop-signals.ts';

const HELP = `npm test                      types, lint, format and dead code, then all tests
npm test -- PATH [options]    only these tests, without the checks; the options are jest's

The tests have a broker and a Redis of their own, on free ports, with data that is thrown away: KAFKA_BROKERS and
REDIS_URL are not looked at, so that no test empties a Redis that somebody needs.`;

const args = process.argv.slice(2);
const children = new Set<ReturnType<typeof spawn>>();

/** The exit code of a program that writes to this terminal; a signal counts as a failure. */
const run = (program: string, parameters: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: 'inherit', env });
    children.add(child);
    child.once('error', reject).once('exit', (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });

const npm = (script: string) => run(process.execPath, [process.env.npm_execpath ?? '', 'run', '--silent', script]);

const jest = async ({ kafkaBrokers, redisUrl }: LocalInfra, options: readonly string[]) =>
  run(
    process.execPath,
    // ES modules need the flag; the warning that it brings says nothing new.
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestProgram(), ...options],
    {
      ...process.env,
      KAFKA_BROKERS: kafkaBrokers,
      REDIS_URL: redisUrl,
      KAFKAJS_NO_PARTITIONER_WARNING: '1',
      // For the plugin's tests that start a broker with listeners of their own.
      ...(jarsAreHere() ? { KAFKA_LIB: await ensureJars(console.log) } : {}),
    },
  );

const jestProgram = () => createRequire(import.meta.url).resolve('jest/bin/jest');

async function main(): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'emoji-streaming-test-'));
  const abort = new AbortController();
  const stop = () => {
    abort.abort();
    for (const child of children) child.kill('SIGINT');
  };
  onStopSignals(stop, () => process.exit(130));
  onParentDeath(stop);
  const starting = startLocalInfra({
    dataDir,
    kafkaPort: 0,
    redisPort: 0,
    env: {},
    log: console.log,
    signal: abort.signal,
  });
  starting.catch(() => {}); // awaited below
  try {
    const checked = args.length === 0 ? await npm('check') : 0;
    if (checked !== 0) return checked;
    const infra = await starting;
    if (args.length > 0) return await jest(infra, args);
    // Most of these wait for something most of the time. A platform under load is not one to share two cores with.
    const small = await jest(infra, ['--testPathIgnorePatterns=/test/e2e/', '--maxWorkers=3']);
    return small === 0 ? await jest(infra, ['/test/e2e/']) : small;
  } finally {
    await starting.then((infra) => infra.stop()).catch(() => {});
    rmSync(dataDir, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
