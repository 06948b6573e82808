import { spawn, type SpawnOptions } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../infra/local/data-dir.ts';
import { newDataDir, removeDataDir, startPlatform } from '../test/e2e/platform.ts';
import { httpUrl, readArgs, runScript, UsageError, wholeNumber, type Io } from './lib/cli.ts';
import { installSchemathesis } from './lib/schemathesis.ts';

const HELP = `npm run api-fuzz [-- options]     sends generated requests to a platform, and compares the answers with docs/openapi.json

Installs schemathesis (Python 3.10 or newer) in .local/, and starts a platform. An answer of 500 or above is a failure, and so
is one whose status, headers or body the document does not describe, or 200 to a body that does not match the document.

  --url URL           a running platform, instead of a new one; EMOJI_TOKEN is a token for it
  --max-examples N    generated requests per call, at most (100, which take half a minute)
  --seconds N         goes on with further requests for this long
  --seed N            repeats a run; each run prints its seed
  --help

Exit code 1 when there was a failure, or Python is missing, 2 for wrong usage.`;

/** Without `positive_data_acceptance`: no schema can say what one emoji is. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
];
/** 413 is the answer to a body that is too large, whatever else is wrong with it. */
const SETTINGS = `[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 413, 429]
`;
/** Not in the arguments, which other users of the machine can read. */
const WITH_TOKEN = `headers = { Authorization = "Bearer \${EMOJI_TOKEN}" }
`;

/** Resolves with the exit code. */
const show = (program: string, args: readonly string[], { stop, ...options }: SpawnOptions & { stop: AbortSignal }) =>
  new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' });
    stop.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });

export async function main(args: string[], io: Io): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      url: text,
      'max-examples': { ...text, default: '100' },
      seconds: text,
      seed: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const examples = wholeNumber('--max-examples', values['max-examples'], { from: 1, to: 100_000 });
  const seconds =
    values.seconds === undefined ? undefined : wholeNumber('--seconds', values.seconds, { from: 1, to: 86_400 });
  const { seed } = values;
  // Those that schemathesis prints have up to 39 digits.
  if (seed !== undefined && !/^\d{1,39}$/.test(seed))
    throw new UsageError(`--seed should be a seed that a run has printed, not "${seed}".`);
  const given = values.url === undefined ? undefined : httpUrl('--url', values.url).href;
  const program = await installSchemathesis(io);

  const stop = io.stopSignal();
  const dataDir = newDataDir();
  const platform = given === undefined ? await startPlatform(dataDir) : undefined;
  try {
    // It writes files into its working folder.
    const cwd = join(dataDir, 'schemathesis');
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'schemathesis.toml'), `${io.env.EMOJI_TOKEN ? WITH_TOKEN : ''}${SETTINGS}`);
    const options = [
      ...['run', join(REPO, 'docs/openapi.json'), '--url', given ?? platform?.url ?? ''],
      ...['--checks', CHECKS.join(','), '--continue-on-failure', '--generation-database', 'none'],
      ...['--workers', '1', '--max-examples', String(examples)],
      ...(seconds === undefined ? [] : ['--max-time', String(seconds)]),
      ...(seed === undefined ? [] : ['--seed', seed]),
    ];
    return await show(program, options, { env: io.env, cwd, stop });
  } finally {
    await platform?.stop();
    removeDataDir(dataDir);
  }
}

await runScript(import.meta, 'api-fuzz', main);
