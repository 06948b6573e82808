import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { REPO } from '../../infra/local/data-dir.ts';
import { explainFailure, type Main } from '../../scripts/lib/cli.ts';
import { until } from './until.ts';

/** A running script with its output so far and its result. */
export interface RunningScript {
  stdout(): string;
  stderr(): string;
  /** Stops it with a signal, as Ctrl-C does. */
  kill(signal: 'SIGINT' | 'SIGTERM'): void;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

type Start = (name: string, args?: readonly string[], env?: Record<string, string>) => RunningScript;

const withRun = (start: Start) => ({ start, run: (...args: Parameters<Start>) => start(...args).ended });

/** Starts the programs of `scripts/` as child processes, and kills them at the end of the test. */
export const scriptProcesses = () => {
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  return withRun((name, args = [], env = {}) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(REPO, 'scripts', `${name}.ts`), ...args], {
      cwd: REPO,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (chunk) => (output[stream] += String(chunk)));
    return {
      stdout: () => output.stdout,
      stderr: () => output.stderr,
      kill: (signal) => void child.kill(signal),
      ended: once(child, 'close').then(([code]) => {
        children.delete(child);
        return { code: code as number | null, ...output };
      }),
    };
  });
};

/** Runs the programs of `scripts/` in the process of the test: a child process would take a second to start. */
export const scripts = () => {
  const running = new Map<AbortController, Promise<unknown>>();
  afterEach(async () => {
    for (const stop of running.keys()) stop.abort();
    await Promise.all(running.values());
  });

  return withRun((name, args = [], env = {}) => {
    const output = { stdout: '', stderr: '' };
    const stop = new AbortController();
    const io = {
      env: { ...process.env, ...env },
      print: (lines: string) => void (output.stdout += `${lines}\n`),
      printError: (lines: string) => void (output.stderr += `${lines}\n`),
      terminal: undefined,
      stopSignal: () => stop.signal,
    };
    const ended = (async () => {
      const { main } = (await import(`../../scripts/${name}.ts`)) as { main: Main };
      const code = await main([...args], io).catch((error: unknown) => explainFailure(name, error, io));
      running.delete(stop);
      return { code, ...output };
    })();
    running.set(stop, ended);
    return { stdout: () => output.stdout, stderr: () => output.stderr, kill: () => stop.abort(), ended };
  });
};

/** Waits until a script has printed a text. */
export const printed = (script: RunningScript, stream: 'stdout' | 'stderr', text: string | RegExp): Promise<true> =>
  until(`${String(text)} on ${stream}`, () => new RegExp(text).test(script[stream]()) || undefined);
