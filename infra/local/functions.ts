import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type DataDir, REPO } from './data-dir.ts';
import { frameworkEnvironment } from './environment.ts';
import { type Answer, call } from './http.ts';
import { createService, type Service } from './service.ts';

export interface FunctionsOptions {
  dir: DataDir;
  httpPort: number;
  lambdaPort: number;
  websocketPort: number;
  env: NodeJS.ProcessEnv;
  output: (chunk: string) => void;
}

const START_ID = 'x-start-id';

/** `serverless offline start` as a service, ready when /health answers 200. `health()` returns the last answer. */
export function functionsService(options: FunctionsOptions): Service & { health(): string } {
  const { dir, httpPort, lambdaPort, websocketPort } = options;
  const require = createRequire(import.meta.url);
  const serverless = join(dirname(require.resolve('serverless/package.json')), 'bin', 'serverless.js');
  let lastAnswer = 'nothing yet';
  let startId = '';
  /** Sends a request to a port; throws when another program answers. */
  const ask = async (port: number, path: string): Promise<Answer> => {
    const answer = await call(`http://localhost:${port}${path}`, { headers: { [START_ID]: startId }, timeoutMs: 6000 });
    if (answer.headers[START_ID] === startId) return answer;
    throw new Error(`another program answers on port ${port}`);
  };
  const service = createService({
    name: 'serverless offline',
    pidFile: dir.pidFile('functions'),
    output: options.output,
    ports: [httpPort, lambdaPort, websocketPort],
    command() {
      startId = randomUUID();
      return Promise.resolve({
        program: process.execPath,
        args: [
          // Names the data folder in the command line, by which processes of an earlier run are recognised.
          `--diagnostic-dir=${join(dir.path, 'logs')}`,
          ...[serverless, 'offline', 'start', '--stage', 'local'],
          ...['--httpPort', String(httpPort), '--lambdaPort', String(lambdaPort)],
          ...['--websocketPort', String(websocketPort)],
        ],
        env: {
          ...frameworkEnvironment(options.env, join(dir.path, 'home')),
          LOCAL_START_ID: startId,
          KAFKAJS_NO_PARTITIONER_WARNING: '1',
          // Otherwise it warns that later versions will not support Node.js 20.
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
          WEBSOCKET_ENDPOINT: `http://localhost:${websocketPort}`,
          // Clients must not register the ports of the API.
          DELIVERY_REFUSED_PORTS: [options.env.DELIVERY_REFUSED_PORTS, httpPort, lambdaPort, websocketPort]
            .filter(Boolean)
            .join(','),
        },
        cwd: REPO,
      });
    },
    async ready() {
      try {
        const { status, body } = await ask(httpPort, '/health');
        lastAnswer = `${status} ${body.slice(0, 300)}`;
        if (status !== 200) return false;
        await ask(lambdaPort, '/');
        await ask(websocketPort, '/');
        return true;
      } catch (error) {
        lastAnswer = (error as Error).message;
        return false;
      }
    },
    readyMs: 60_000,
    stopSignal: 'SIGINT',
    graceMs: 4000,
  });
  // Not spread: `pid` is a getter.
  return Object.assign(service, { health: () => lastAnswer });
}
