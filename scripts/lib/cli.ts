import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { SetupError } from '../../infra/local/errors.ts';
import { onParentDeath, onStopSignals } from '../../infra/local/stop-signals.ts';
import { PlatformError } from '../../lib/errors.ts';

/** The command line is wrong: the message is one sentence that names the flag and what it should be. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The environment, output and signals of a script, which tests replace to run it without a process of its own. */
export interface Io {
  env: NodeJS.ProcessEnv;
  /** Prints one or more lines to standard output. */
  print(lines: string): void;
  printError(lines: string): void;
  /** Standard output, if it is a terminal. */
  terminal: NodeJS.WriteStream | undefined;
  /** Aborted by Ctrl-C, SIGTERM or the end of npm. After the first call these no longer end the process at once. */
  stopSignal(): AbortSignal;
}

/** Resolves with the exit code. */
export type Main = (args: string[], io: Io) => Promise<number>;

const processIo: Io = {
  env: process.env,
  print: (lines) => console.log(lines),
  printError: (lines) => console.error(lines),
  get terminal() {
    return process.stdout.isTTY ? process.stdout : undefined;
  },
  stopSignal,
};

/** Runs the script if its file is the one that Node.js was started with, but not if it is only imported. */
export async function runScript({ url }: ImportMeta, name: string, main: Main): Promise<void> {
  if (realpathSync(process.argv[1] ?? '') !== fileURLToPath(url)) return;
  // A reader that closes the pipe (`| head`) is not an error.
  process.stdout.on('error', () => process.exit(0));
  try {
    process.exitCode = await main(process.argv.slice(2), processIo);
  } catch (error) {
    process.exit(explainFailure(name, error, processIo));
  }
}

/** Prints the message of an error. @returns the exit code: 2 for wrong usage, else 1 */
export function explainFailure(name: string, error: unknown, { printError }: Pick<Io, 'printError'>): number {
  if (error instanceof UsageError) {
    printError(`${error.message} See: npm run ${name} -- --help`);
    return 2;
  }
  const expected = error instanceof SetupError || error instanceof PlatformError;
  printError(expected ? error.message : `Unexpected: ${(error as Error).stack ?? String(error)}`);
  return 1;
}

/** @throws UsageError for unknown options or arguments. */
export function readArgs<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's further sentences are about its own API.
    throw new UsageError(`${(error as Error).message.split(/\.(?:\s|$)|\n/)[0]}.`, { cause: error });
  }
}

type Flags = NonNullable<ParseArgsConfig['options']>;

/**
 * Reads the command of a script that has several, with its arguments and options. With --help it prints the help and
 * returns undefined.
 * @throws UsageError
 */
export function readCommand<const C extends string, const F extends Flags = Record<never, never>>(
  { args, print }: { args: string[]; print: Io['print'] },
  help: string,
  commands: readonly C[],
  options: F = {} as F,
) {
  const flags: F & { help: { type: 'boolean' } } = { ...options, help: { type: 'boolean' } };
  const { values, positionals } = readArgs({ args, allowPositionals: true, options: flags });
  if ('help' in values) {
    print(help);
    return undefined;
  }
  const [given = '', ...rest] = positionals;
  const command = commands.find((name) => name === given);
  if (command === undefined)
    throw new UsageError(
      `The command should be ${commands.slice(0, -1).join(', ')} or ${commands.at(-1)}, not "${given}".`,
    );
  return { command, rest, values };
}

/** @throws UsageError when a command without arguments has some. */
export function takesNothing(command: string, rest: readonly string[]): void {
  if (rest.length > 0) throw new UsageError(`${command} takes no "${rest[0]}".`);
}

interface Range {
  from: number;
  to: number;
}

/** @throws UsageError unless the text is a whole number in the range. */
export function wholeNumber(flag: string, text: string, { from, to }: Range): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= from && number <= to) return number;
  throw new UsageError(`${flag} should be a whole number from ${from} to ${to}, not "${text}".`);
}

/** @throws UsageError unless the text is a number above 0 and at most `to`. */
export function positiveNumber(flag: string, text: string, to: number): number {
  const number = Number(text);
  if (/^[\d.]+$/.test(text) && number > 0 && number <= to) return number;
  throw new UsageError(`${flag} should be a number above 0, at most ${to}, not "${text}".`);
}

/**
 * Parses an address to which a path such as `emoji` can be appended; a stage in it (https://host/prod) is kept.
 * @throws UsageError unless the text is the address of an HTTP server.
 */
export function httpUrl(flag: string, text: string): URL {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) {
    const url = new URL(text);
    return new URL(url.pathname.replace(/\/*$/, '/'), url);
  }
  throw new UsageError(`${flag} should be an address such as http://localhost:5013, not "${text}".`);
}

/** Ctrl-C, SIGTERM or the end of npm aborts the signal; a second Ctrl-C ends the process at once. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  onStopSignals(stop, () => process.exit(130));
  onParentDeath(stop);
  return stopping.signal;
}

/** Resolves when the signal is aborted, or after this many seconds. */
export async function waitUntil(stop: AbortSignal, seconds?: number): Promise<void> {
  if (stop.aborted) return;
  if (seconds === undefined) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  else await sleep(seconds * 1000, undefined, { signal: stop }).catch(() => undefined); // it rejects when aborted
}

/** Why a request was not answered, as an error code: ECONNREFUSED, ETIMEDOUT, … */
export function networkReason(error: unknown): string {
  const { cause = error } = error as Error;
  const { code, name, message } = cause as { code?: unknown; name: string; message: string };
  if (name === 'TimeoutError') return 'ETIMEDOUT';
  return typeof code === 'string' ? code : message;
}
