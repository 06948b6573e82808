import { execFile } from 'node:child_process';

/** Runs a program to its end; a program that is missing, fails or takes too long is not ok. Replaced in unit tests. */
export type Run = (
  program: string,
  args: string[],
  timeoutMs: number,
  env?: NodeJS.ProcessEnv,
) => Promise<{ ok: boolean; output: string }>;

export const runProgram: Run = (program, args, timeoutMs, env = process.env) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: timeoutMs, maxBuffer: 1 << 24, env }, (error, stdout, stderr) =>
      resolve({ ok: !error, output: `${stdout}${stderr}` || (error?.message ?? '') }),
    );
  });
