import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from './errors.ts';
import { answers } from './ports.ts';
import { signal } from './process.ts';
import { waitFor } from './wait.ts';

const GUARD = join(import.meta.dirname, 'guard.js');

interface ServiceHandle {
  readonly pid: number | undefined;
  /** Sends a signal; if it ends the process, resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it, again with the same port and data; resolves when it answers. */
  start(): Promise<void>;
}

export interface ServiceSpec {
  /** For messages: "Apache Kafka 4.3.1" */
  name: string;
  command: () => Promise<{ program: string; args: string[]; env?: NodeJS.ProcessEnv; cwd?: string }>;
  pidFile: string;
  /** A file (overwritten at every start), or a listener for the output. */
  output: string | ((chunk: string) => void);
  /** Whether this service, and not another program on its port, answers. */
  ready: () => Promise<boolean>;
  /** Its ports, which are checked when a start fails. */
  ports?: readonly number[];
  readyMs: number;
  stopSignal: NodeJS.Signals;
  graceMs: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Service extends ServiceHandle {
  stop(): Promise<void>;
  /** Called when the process ends without `stop` or `kill`. */
  onDeath(listener: (exit: Exit) => void): void;
}

const ENDING = new Set<NodeJS.Signals>(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT']);

interface Run {
  guard: ChildProcess;
  pid: number;
  /** An end of the process is expected and not reported. */
  asked: boolean;
  /** `stop` was called, possibly while it was starting. */
  stopped: boolean;
  /** Set when the child has ended, before the guard ends. */
  exit: Exit | undefined;
  gone: Promise<void>;
}

export function createService(spec: ServiceSpec): Service {
  let run: Run | undefined;
  let launching: Promise<Run> | undefined;
  let deathListener: (exit: Exit) => void = () => {};

  async function launch(): Promise<Run> {
    const { program, args, env, cwd } = await spec.command();
    mkdirSync(dirname(spec.pidFile), { recursive: true });
    const toFile = typeof spec.output === 'string' ? openLog(spec.output) : undefined;
    const out = toFile ?? 'pipe';
    const guard = spawn(
      process.execPath,
      [GUARD, spec.pidFile, spec.stopSignal, String(spec.graceMs), program, ...args],
      // Detached: a Ctrl-C in the terminal must reach only the starter, which stops the services in order.
      { detached: true, stdio: ['ignore', out, out, 'ipc'], env: env ?? process.env, cwd },
    );
    if (toFile !== undefined) closeSync(toFile);
    if (typeof spec.output === 'function') {
      guard.stdout?.setEncoding('utf8').on('data', spec.output);
      guard.stderr?.setEncoding('utf8').on('data', spec.output);
    }
    // Both: the last message may arrive after the exit. Not 'close': Node omits it when the parent closes the channel.
    const ended = (['exit', 'disconnect'] as const).map(
      (event) => new Promise((resolve) => guard.once(event, resolve)),
    );
    const gone = Promise.all(ended).then(() => {});
    return new Promise((resolve, reject) => {
      let current: Run | undefined;
      guard.on('message', (message: { pid?: number; error?: string } & Partial<Exit>) => {
        if (message.error) reject(new SetupError(`${spec.name} could not be started: ${message.error}`));
        else if (message.pid)
          resolve((run = current = { guard, pid: message.pid, asked: false, stopped: false, exit: undefined, gone }));
        else if (current) current.exit = { code: message.code ?? null, signal: message.signal ?? null };
      });
      guard.once('error', reject);
      void gone.then(() => {
        reject(new SetupError(`${spec.name} could not be started.`));
        if (!current) return;
        // A killed guard can't end its child.
        if (!current.exit) signal(current.pid, 'SIGKILL');
        current.exit ??= { code: null, signal: 'SIGKILL' };
        if (run === current) run = undefined;
        if (!current.asked) deathListener(current.exit);
      });
    });
  }

  const end = async (current: Run) => {
    current.asked = true;
    if (current.guard.connected) current.guard.disconnect();
    await current.gone;
  };

  return {
    get pid() {
      return run?.pid;
    },
    async start() {
      if (run) throw new SetupError(`${spec.name} is running already (pid ${run.pid}).`);
      launching = launch();
      const current = await launching.finally(() => (launching = undefined));
      let died = false;
      void current.gone.then(() => (died = true));
      // A death before it is ready is reported by the error below, not to the listener.
      current.asked = true;
      const ok = await waitFor(async () => died || (await spec.ready()), spec.readyMs);
      if (ok && !died) {
        current.asked = false;
        return;
      }
      const why = died ? 'ended while starting' : `did not answer within ${spec.readyMs / 1000} s`;
      await end(current);
      // After `stop`, the output does not explain the end.
      if (current.stopped) throw new SetupError(`${spec.name} was stopped while starting.`);
      // This service has ended, so another program that answers has taken the port.
      for (const port of spec.ports ?? [])
        if (await answers(port))
          throw new SetupError(
            `${spec.name} ${why}: port ${port} is taken by another program. Stop that program, or use another port.`,
          );
      throw new SetupError(`${spec.name} ${why}.${lastWords(spec.output)}`);
    },
    async kill(name) {
      const current = run;
      if (!current) return;
      if (ENDING.has(name)) current.asked = true;
      signal(current.pid, name);
      if (ENDING.has(name)) await current.gone;
    },
    async stop() {
      await launching?.catch(() => {});
      if (!run) return;
      run.stopped = true;
      await end(run);
    },
    onDeath(listener) {
      deathListener = listener;
    },
  };
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'w');
}

function lastWords(output: ServiceSpec['output']): string {
  if (typeof output !== 'string') return '';
  const lines = readFileSync(output, 'utf8').trim().split('\n').slice(-12);
  return lines.join('') ? ` Its last lines (${output}):\n${lines.map((line) => `  ${line}`).join('\n')}` : '';
}
