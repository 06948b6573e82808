import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { REPO } from './data-dir.ts';
import { SetupError } from './errors.ts';
import { type Run, runProgram } from './run.ts';
import type { Service } from './service.ts';

const FILE = join(REPO, 'docker-compose.redpanda.yml');
const UP_MS = 300_000; // the images may have to be pulled
type Name = 'redpanda' | 'redis';

export interface Compose {
  service(name: Name, title: string): Service;
  /** Removes the containers; the volumes only if asked. */
  down(volumes?: 'volumes'): Promise<void>;
}

/** One compose project per data folder, so that clones, tests and a running `npm start` do not share containers. */
export function composeProject(
  dataDir: string,
  ports: { kafka: number; redis: number },
  run: Run = runProgram,
): Compose {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  const project = `emoji-streaming-${hash}`;
  const env = { ...process.env, KAFKA_PORT: String(ports.kafka), REDIS_PORT: String(ports.redis) };
  const compose = async (args: string[], ms: number) => {
    const done = await run('docker', ['compose', '-f', FILE, '-p', project, ...args], ms, env);
    if (!done.ok) throw new SetupError(`docker compose ${args.join(' ')} failed:\n${done.output.trim().slice(-2000)}`);
  };
  return {
    service: (name, title) => ({
      pid: undefined,
      start: () =>
        compose(['up', '-d', '--wait', name], UP_MS).catch((error: Error) => {
          throw new SetupError(`${title} did not start. ${error.message}`);
        }),
      kill: (signal) => compose(['kill', '-s', signal, name], 30_000),
      stop: () => compose(['stop', '-t', '5', name], 30_000),
      // Containers restart by themselves (restart: on-failure).
      onDeath: () => {},
    }),
    down: (volumes) => compose(['--profile', 'console', 'down', '-t', '5', ...(volumes ? ['-v'] : [])], 60_000),
  };
}
