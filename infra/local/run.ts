import { execFile } from 'node:child_process';

/** Runs a program to its end. Not ok if it is missing, fails or takes too long. Replaced in unit tests. */
export type Run = (
  program: string,
  args: string[],
  timeoutMs: number,
  env?: NodeJS.ProcessEnv,
  cwd?: string,
) => Promise<{ ok: boolean; output: string }>;

export const runProgram: Run = (program, args, timeoutMs, env = process.env, cwd) =>
  new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout: timeoutMs, maxBuffer: 1 << 24, env, cwd },
      (error, stdout, stderr) => {
        process.removeListener('exit', end);
        resolve({ ok: !error, output: `${stdout}${stderr}` || (error?.message ?? '') });
      },
    );
    // When this process ends, the program must not continue.
    const end = () => child.kill();
    process.once('exit', end);
  });
