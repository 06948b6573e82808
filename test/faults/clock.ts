import { chmodSync, closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../infra/local/run.ts';

/** The clock of a process. */
export interface Clock {
  /** Sets the clock so many seconds ahead of the system's clock (negative: behind); 0 resets it. */
  shift(seconds: number): void;
}

const SOURCE = join(import.meta.dirname, 'clock-shift.c');

const compile = async (library: string): Promise<boolean> =>
  process.platform === 'linux' &&
  (await runProgram('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl'], 30_000)).ok;

const newFolder = () => mkdtempSync(join(tmpdir(), 'emoji-streaming-clock-'));

export const clocksImpossible = async (): Promise<string | undefined> => {
  const folder = newFolder();
  const ok = await compile(join(folder, 'shift.so'));
  rmSync(folder, { recursive: true });
  return ok ? undefined : 'the clock of one process can be shifted on Linux with a C compiler only';
};

/** Clocks for programs that will be started later. @returns undefined where this machine does not support it. */
export async function clocksFor<const N extends string>(names: readonly N[]) {
  const folder = newFolder();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const library = join(folder, 'shift.so');
  if (!(await compile(library))) {
    remove();
    return undefined;
  }
  const file = (name: N) => join(folder, name);
  const env = (name: N) => ({ LD_PRELOAD: library, CLOCK_FILE: file(name) });
  const clock = (name: N): Clock => {
    const shift = (seconds: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(seconds));
      // Written in place: truncating the file would crash a process that has it mapped.
      const open = openSync(file(name), constants.O_RDWR | constants.O_CREAT);
      writeSync(open, bytes, 0, bytes.length, 0);
      closeSync(open);
    };
    shift(0);
    return { shift };
  };
  return {
    of: Object.fromEntries(names.map((name) => [name, clock(name)])) as Record<N, Clock>,
    env,
    /** Makes a wrapper script that runs a program with this clock. */
    wrap: (name: N) => (program: string) => {
      const wrapper = join(folder, `${name}.sh`);
      const variables = Object.entries(env(name)).map(([variable, value]) => `${variable}='${value}'`);
      writeFileSync(wrapper, `#!/bin/sh\nexec env ${variables.join(' ')} '${program}' "$@"\n`);
      chmodSync(wrapper, 0o755);
      return wrapper;
    },
    remove,
  };
}
