import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anyFreePort } from '../../infra/local/ports.ts';
import { addressesIn } from '../../scripts/lib/ready.ts';
import { until } from '../support/until.ts';

const REPO = join(import.meta.dirname, '../..');

/** A running `npm start`, on free ports and with its own data folder. */
export interface Platform {
  url: string;
  /** `ws://…` */
  socketUrl: string;
  /** Of the page. */
  pageUrl: string;
  lambdaPort: number;
  output(): string;
  /** The pid of a service; waits while it is being restarted. */
  pid(service: 'functions' | 'kafka' | 'redis'): Promise<number>;
  /** Sends Ctrl-C; resolves with the exit code and the time (ms) until the end. */
  stop(): Promise<{ code: number | null; ms: number }>;
  /** Kills only the starter (kill -9), as the kernel may when memory is short. */
  kill(): Promise<void>;
}

export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'emoji-streaming-e2e-'));
export const removeDataDir = (dir: string): void => rmSync(dir, { recursive: true, force: true });

/** Starts a platform; resolves when it is ready. */
export async function startPlatform(
  dataDir: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Platform> {
  const { KAFKA_BROKERS: _kafka, REDIS_URL: _redis, ...inherited } = process.env;
  const lambdaPort = await anyFreePort();
  const ports = [
    ...['page', 'http', 'websocket', 'kafka', 'redis'].flatMap((name) => [`--${name}-port`, '0']),
    ...['--lambda-port', String(lambdaPort)],
  ];
  // Started without npm, so that signals reach the starter itself.
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'scripts/start.ts', ...ports, '--data-dir', dataDir, ...args],
    {
      cwd: REPO,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const addresses = await until(
    'npm start is ready',
    () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:`);
      return addressesIn(output);
    },
    120_000,
  ).catch((error: Error) => {
    child.kill('SIGKILL');
    throw new Error(`${error.message}\n${output}`);
  });
  return {
    ...addresses,
    lambdaPort,
    output: () => output,
    pid: (service) => servicePid(dataDir, service),
    stop: async () => {
      const began = performance.now();
      const code = await end(child, 'SIGINT');
      return { code, ms: performance.now() - began };
    },
    kill: async () => {
      await end(child, 'SIGKILL');
    },
  };
}

/** The pid of a service; waits while it is being restarted. */
export const servicePid = (dataDir: string, service: string): Promise<number> =>
  until(`${service} has a process`, () => pidOf(dataDir, service));

const pidOf = (dataDir: string, service: string): number | undefined => {
  try {
    return (JSON.parse(readFileSync(join(dataDir, 'pids', `${service}.json`), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
};

const end = (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
