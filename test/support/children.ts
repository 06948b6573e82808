import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from '@jest/globals';
import { commandLine } from '../../infra/local/process.ts';

/** A process that has exited but is not yet reaped (a zombie) is not alive. */
export const isAlive = (pid: number): boolean => commandLine(pid) !== undefined;

/** Starts Node programs, given as source text, and kills them at the end of the test. */
export const nodePrograms = () => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  /** Resolves with the first line that the program prints. It can import TypeScript by `file:` URLs. */
  return async (program: string, ...args: string[]): Promise<{ child: ChildProcess; line: string }> => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, '--', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    children.push(child);
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the program ended before it printed a line: ${String(code ?? signal)}`);
    });
    ended.catch(() => undefined); // after its first line it may exit
    const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
    return { child, line: line.toString().trim() };
  };
};
