import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitOf } from './child.ts';
import { functionService } from './function-service.ts';
import { testBrokers } from './kafka.ts';
import { ARN } from './mapping-rig.ts';

export interface Offline {
  readonly dir: string;
  readonly output: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  stop(): Promise<number | NodeJS.Signals | null>;
}

export interface OfflineOptions {
  /** Default: `['offline', 'start']`. */
  readonly command?: readonly string[];
  readonly msk: Record<string, unknown>;
  /** Code of the module with the handler `consumer`. */
  readonly code: string;
  readonly kafkaEvents?: Record<string, unknown>;
  readonly offline?: Record<string, unknown>;
}

/** Starts the framework and serverless-offline with this plugin and one function, `consumer`. */
export const startOffline = ({ command = ['offline', 'start'], ...options }: OfflineOptions): Offline => {
  const { dir, remove } = functionService(options.code, {});
  const plugin = pathToFileURL(join(import.meta.dirname, '../src/plugin/plugin.ts')).href;
  writeFileSync(join(dir, 'plugin.mjs'), `export { default } from ${JSON.stringify(plugin)};`);
  const service = {
    service: 'shop',
    provider: { name: 'aws', runtime: 'nodejs20.x', region: 'eu-west-1' },
    plugins: ['serverless-offline', './plugin.mjs'],
    custom: {
      'serverless-offline': { httpPort: 0, lambdaPort: 0, websocketPort: 0, ...options.offline },
      kafkaEvents: {
        bootstrapServers: testBrokers(),
        retryDelayMs: { first: 5, longest: 50 },
        ...options.kafkaEvents,
      },
    },
    functions: {
      consumer: { handler: 'handlers.consumer', timeout: 10, events: [{ msk: { arn: ARN, ...options.msk } }] },
    },
  };
  writeFileSync(join(dir, 'serverless.json'), JSON.stringify(service));
  const framework = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
  const child = spawn(process.execPath, ['--import', 'tsx', framework, ...command, '--noSponsor'], {
    cwd: dir,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  const ended = exitOf(child);
  return {
    dir,
    output: () => output,
    ended,
    stop: async () => {
      child.kill('SIGINT');
      const code = await ended;
      remove();
      return code;
    },
  };
};
