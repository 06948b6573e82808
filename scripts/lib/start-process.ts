import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { REPO } from '../../infra/local/data-dir.ts';
import type { Io } from './cli.ts';
import { type Addresses, addressesIn } from './ready.ts';

export interface StartProcess {
  /** undefined when it has ended before it was ready; it has printed the reason. */
  ready: Promise<Addresses | undefined>;
  /** Its exit code. */
  ended: Promise<number>;
  /** Sends Ctrl-C; resolves with its exit code. */
  stop(): Promise<number>;
}

/** Runs `npm start` in a process of its own, whose output is printed. */
export function startProcess(args: readonly string[], { env, print, printError }: Io): StartProcess {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), join(REPO, 'scripts', 'start.ts'), ...args],
    // Detached: a Ctrl-C in the terminal must reach only this process, which stops its taps first.
    { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const kill = () => child.kill('SIGKILL'); // its services end with it
  process.once('exit', kill);
  let output = '';
  const ready = new Promise<Addresses | undefined>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      print(line);
      output += `${line}\n`;
      const addresses = addressesIn(output);
      if (addresses) resolve(addresses);
    });
    child.once('close', () => resolve(undefined));
  });
  createInterface({ input: child.stderr }).on('line', printError);
  const ended = once(child, 'close').then(([code]) => {
    process.removeListener('exit', kill);
    return (code as number | null) ?? 1;
  });
  return {
    ready,
    ended,
    stop() {
      child.kill('SIGINT');
      return ended;
    },
  };
}
