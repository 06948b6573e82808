import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type DataDir, REPO } from './data-dir.ts';
import { frameworkEnvironment } from './environment.ts';
import { createService, type Service } from './service.ts';

export interface FunctionsOptions {
  dir: DataDir;
  httpPort: number;
  lambdaPort: number;
  env: NodeJS.ProcessEnv;
  output: (chunk: string) => void;
}

const START_ID = 'x-start-id';

/** `serverless offline start` as a service: it is ready when /health says 200. `health()` tells what it said last. */
export function functionsService(options: FunctionsOptions): Service & { health(): string } {
  const { dir, httpPort, lambdaPort } = options;
  const require = createRequire(import.meta.url);
  const serverless = join(dirname(require.resolve('serverless/package.json')), 'bin', 'serverless.js');
  let said = 'nothing yet';
  let startId = '';
  /** Asks on a port; throws where another program answers. */
  const ask = async (port: number, path: string): Promise<Response> => {
    const answer = await fetch(`http://localhost:${port}${path}`, {
      headers: { [START_ID]: startId },
      signal: AbortSignal.timeout(6000),
    });
    if (answer.headers.get(START_ID) === startId) return answer;
    await answer.body?.cancel();
    throw new Error(`another program answers on port ${port}`);
  };
  const service = createService({
    name: 'serverless offline',
    pidFile: dir.pidFile('functions'),
    output: options.output,
    ports: [httpPort, lambdaPort],
    command() {
      startId = randomUUID();
      return Promise.resolve({
        program: process.execPath,
        args: [
          // Names the data folder in the command line, by which a leftover is known.
          `--diagnostic-dir=${join(dir.path, 'logs')}`,
          ...[serverless, 'offline', 'start', '--stage', 'local'],
          ...['--httpPort', String(httpPort), '--lambdaPort', String(lambdaPort)],
        ],
        env: {
          ...frameworkEnvironment(options.env, join(dir.path, 'home')),
          LOCAL_START_ID: startId,
          KAFKAJS_NO_PARTITIONER_WARNING: '1',
          // A client must not have our own doors knocked at.
          DELIVERY_REFUSED_PORTS: [options.env.DELIVERY_REFUSED_PORTS, httpPort, lambdaPort].filter(Boolean).join(','),
        },
        cwd: REPO,
      });
    },
    async ready() {
      try {
        const answer = await ask(httpPort, '/health');
        said = `${answer.status} ${(await answer.text()).slice(0, 300)}`;
        if (!answer.ok) return false;
        await (await ask(lambdaPort, '/')).body?.cancel();
        return true;
      } catch (error) {
        const { cause } = error as Error;
        said = cause instanceof Error ? cause.message : (error as Error).message;
        return false;
      }
    },
    readyMs: 60_000,
    stopSignal: 'SIGINT',
    graceMs: 4000,
  });
  // Not spread: `pid` is a getter.
  return Object.assign(service, { health: () => said });
}
