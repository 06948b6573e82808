import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPO } from '../infra/local/data-dir.ts';
import { startLocalInfra, type LocalInfra } from '../infra/local/index.ts';
import { onParentDeath, onStopSignals } from '../infra/local/stop-signals.ts';
import { browserTestsAreSkipped, ensureChromium } from '../test/browser/chromium.ts';
import type { Platform } from '../test/e2e/platform.ts';
import { startSharedPlatform } from '../test/e2e/shared-platform.ts';
import { coordinatorAnswers } from '../test/support/kafka.ts';
import { closingLine, readCounts } from './lib/test-counts.ts';
import { testEnvironment } from './lib/test-environment.ts';

const HELP = `npm test                      all tests, and beside them types, lint, format, dead code and licences
npm test -- PATH [options]    only these tests, without the checks; the options are jest's
npm run test:long             what takes too long for every change: large crowds, the plugin's whole conformance suite,
                              generated requests, and every fault under load; about 40 minutes

The tests have a broker and a Redis of their own, on free ports, and their data is deleted at the end. KAFKA_BROKERS and
REDIS_URL are ignored, so that no test empties a Redis that somebody needs.

The last line says how many tests passed, failed and were skipped; a check that fails counts as a failed one.`;

const args = process.argv.slice(2);
const children = new Set<ReturnType<typeof spawn>>();

interface RunOptions {
  env?: NodeJS.ProcessEnv;
  /** Where its output goes; undefined = to this terminal. */
  output?: (chunk: string) => void;
}

/** The exit code of a program; a signal counts as a failure. */
const run = (program: string, parameters: string[], { env = process.env, output }: RunOptions = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: output ? ['ignore', 'pipe', 'pipe'] : 'inherit', env });
    children.add(child);
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', output ?? (() => {}));
    child.once('error', reject).once('close', (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });

const npm = (parameters: string[], options?: RunOptions) =>
  run(process.execPath, [process.env.npm_execpath ?? '', 'run', '--silent', ...parameters], options);

const jest = (options: readonly string[], runOptions: RunOptions) =>
  run(
    process.execPath,
    // ES modules need the flag; its warning is not shown.
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestProgram(), ...options],
    runOptions,
  );

const jestProgram = () => createRequire(import.meta.url).resolve('jest/bin/jest');

/** Prints the output of a run in whole lines, so that lines of parallel runs do not mix. */
const wholeLines = () => {
  let rest = '';
  return (chunk: string) => {
    const end = chunk.lastIndexOf('\n') + 1;
    if (end > 0) process.stdout.write(rest + chunk.slice(0, end));
    rest = end > 0 ? chunk.slice(end) : rest + chunk;
  };
};

/** Runs the parts of `npm run check` one after the other, as each uses a whole processor. @returns how many failed */
async function check(): Promise<number> {
  const { scripts } = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8')) as { scripts: { check: string } };
  let failed = 0;
  for (const name of scripts.check.split(' && ').map((part) => part.replace('npm run ', ''))) {
    let output = '';
    const code = await npm(name.split(' '), { output: (chunk) => (output += chunk) });
    console.log(code === 0 ? `PASS npm run ${name}` : `FAIL npm run ${name}\n${output}`);
    if (code !== 0) failed++;
  }
  return failed;
}

/** Starts the platform that the e2e tests share, and writes its address to a file when it is ready. */
async function sharePlatform(file: string): Promise<Platform> {
  const platform = await startSharedPlatform();
  const { url, socketUrl, pageUrl, lambdaPort, dataDir } = platform;
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ url, socketUrl, pageUrl, lambdaPort, dataDir, printedAtStart: platform.output() }),
  );
  renameSync(`${file}.new`, file);
  return platform;
}

interface Outcome {
  /** The exit code. */
  code: number;
  failedChecks: number;
}

/** Runs all checks and tests in parallel, because a platform under test waits most of the time. */
async function runAll(folder: string, infra: Promise<LocalInfra>, counts: string): Promise<Outcome> {
  const checking = check();
  const browser = ensureChromium(console.log).then(
    (path) => path ?? console.log(browserTestsAreSkipped()),
    () => {}, // the tests in a browser fail with this error
  );
  const file = join(folder, 'platform.json');
  const platform = sharePlatform(file);
  platform.catch((error: Error) => console.error(error.message)); // the tests that need it fail
  try {
    const env = { ...(await testEnvironment(await infra)), TEST_COUNTS: counts, SHARED_PLATFORM: file };
    const start = (...options: string[]) => jest(options, { env, output: wholeLines() });
    const codes = await Promise.all([
      start('/test/e2e/outages'),
      start('/test/e2e/(sdk|secured|tokens)'), // each has a platform of its own
      start('--testPathIgnorePatterns=/test/(e2e|browser)/', '--maxWorkers=3'),
      start('/test/e2e/', '--testPathIgnorePatterns=/test/e2e/(outages|sdk|secured|tokens)').then(async (code) => {
        await browser;
        return code + (await start('/test/browser/')); // afterwards, because they share the platform
      }),
    ]);
    const failedChecks = await checking;
    return { code: codes.some((code) => code !== 0) || failedChecks > 0 ? 1 : 0, failedChecks };
  } finally {
    await platform.then((each) => each.stop()).catch(() => {});
  }
}

/** The tests that do more with LONG_TESTS; those of the plugin run with its conformance suite. */
const LONG_PATHS =
  '(/test/integration/(crowds|start-at-once)|/test/e2e/(secured|tokens)|/kafka-records/test/|count-taps.model)';

/** Runs the long tests one after the other, even if one of them fails. */
async function runLong(infra: LocalInfra, counts: string): Promise<Outcome> {
  const env = { ...(await testEnvironment(infra)), TEST_COUNTS: counts, LONG_TESTS: '1' };
  const codes = [
    await jest([LONG_PATHS], { env }),
    await npm(['conformance'], { env }),
    await npm(['api-fuzz']),
    await npm(['test:faults', '--', '--keep']),
  ];
  return { code: codes.some((code) => code !== 0) ? 1 : 0, failedChecks: 0 };
}

async function outcome(folder: string, infra: Promise<LocalInfra>, counts: string): Promise<Outcome> {
  if (args.length === 0) return runAll(folder, infra, counts);
  if (args[0] === '--long') return runLong(await infra, counts);
  const code = await jest(args, { env: { ...(await testEnvironment(await infra)), TEST_COUNTS: counts } });
  return { code, failedChecks: 0 };
}

async function main(): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-test-'));
  const counts = join(folder, 'counts');
  const abort = new AbortController();
  const stop = () => {
    abort.abort();
    for (const child of children) child.kill('SIGINT');
  };
  onStopSignals(stop, () => process.exit(130));
  onParentDeath(stop);
  const starting = startLocalInfra({
    dataDir: join(folder, 'infra'),
    kafkaPort: 0,
    redisPort: 0,
    env: {},
    log: console.log,
    signal: abort.signal,
  });
  const ready = starting.then(async (infra) => {
    await coordinatorAnswers(infra.kafkaBrokers);
    return infra;
  });
  ready.catch(() => {}); // awaited below
  try {
    const { code, failedChecks } = await outcome(folder, ready, counts);
    const found = readCounts(counts);
    if (found) console.log(`\n${closingLine({ ...found, failed: found.failed + failedChecks })}`);
    return code;
  } finally {
    await starting.then((infra) => infra.stop()).catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
