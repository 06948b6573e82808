import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { REPO } from '../../infra/local/data-dir.ts';
import { until } from './until.ts';

/** A script that runs: what it has printed so far, and how it ends. */
export interface RunningScript {
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Starts the programs of `scripts/` as a shell would; what still runs when a test ends is killed. */
export const scriptRunner = () => {
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  const start = (name: string, args: readonly string[] = [], env: Record<string, string> = {}): RunningScript => {
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
  };
  return {
    start,
    run: (...args: Parameters<typeof start>) => start(...args).ended,
  };
};

/** Waits for a piece of text on one of a script's outputs. */
export const printed = (script: RunningScript, stream: 'stdout' | 'stderr', text: string | RegExp): Promise<true> =>
  until(`${String(text)} on ${stream}`, () => new RegExp(text).test(script[stream]()) || undefined);
