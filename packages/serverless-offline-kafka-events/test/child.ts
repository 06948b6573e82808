import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Child {
  readonly lines: string[];
  readonly process: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  send(line: string): void;
}

/** Kills the process when this one exits. Resolves with its exit code, or with the signal that ended it. */
export const exitOf = (child: ChildProcess): Promise<number | NodeJS.Signals | null> => {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return new Promise((resolve) =>
    child.once('close', (code, signal) => {
      process.removeListener('exit', kill);
      resolve(code ?? signal);
    }),
  );
};

/** Runs a TypeScript file in a new process, for code that does not work in jest's module loader. */
export const runChild = (script: string, args: readonly string[]): Child => {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = exitOf(child);
  return { lines, process: child, ended, send: (line) => void child.stdin.write(`${line}\n`) };
};
