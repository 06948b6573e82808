import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { REPO } from '../../infra/local/data-dir.ts';
import { until } from '../support/until.ts';

/** A running `npm run serve`. */
export interface ApiServer {
  url: string;
  metricsUrl: string;
  pids: number[];
  output(): string;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts the server on free ports. @param options such as the broker and Redis to use, if `env` does not name them */
export const startServer = async (
  options: readonly string[],
  env: NodeJS.ProcessEnv = {},
  program: readonly string[] = ['--import', 'tsx', 'scripts/serve.ts'],
): Promise<ApiServer> => {
  const args = ['--port', '0', '--metrics-port', '0', '--workers', '2', ...options];
  // Started without npm, so that signals reach it directly.
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: REPO,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk) => (output += String(chunk)));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const ready = await until('the server is ready', () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output}`);
    return /Ready: (\S+) \(processes (.*)\)\nMetrics: (\S+)/.exec(output) ?? undefined;
  });
  return {
    url: ready[1] ?? '',
    metricsUrl: ready[3] ?? '',
    pids: (ready[2] ?? '').split(', ').map(Number),
    output: () => output,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
};
