import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { ROLE_VARIABLE, startCluster } from '../infra/server/cluster.ts';
import type { Config } from '../lib/config/variables.ts';
import { type Io, readArgs, runScript, UsageError, waitUntil, wholeNumber } from './lib/cli.ts';
import { prepareTopics, refuseEvictingRedis } from './lib/named-services.ts';
import { DATA_DIR_OPTION, scriptConfig } from './lib/services.ts';

const HELP = `npm run serve [-- options]     serves the HTTP API without serverless: the same handlers behind Node.js's HTTP server

  --port N          port of the HTTP API (5080; 0 = any free port)
  --host HOST       address to listen on (127.0.0.1; 0.0.0.0 = all)
  --metrics-port N  port of GET /metrics for Prometheus (9464; 0 = any free port)
  --workers N       processes that share the port (default: one per core, ${availableParallelism()} here)
  --data-dir PATH   uses the "npm start" with this data folder
  --with-triggers   also counts, delivers over TCP and runs the schedule, in one more process: a whole platform without
                    WebSockets. Needs KAFKA_BROKERS and REDIS_URL; creates missing topics
  --help

For rates that are dear with a function call per request, and for containers. Broker and Redis: those of --data-dir, else
KAFKA_BROKERS and REDIS_URL, else those of the running "npm start", whose functions count what this server accepts.
Ctrl-C or SIGTERM finishes the requests and batches under way, at most 20 s, and ends.`;

const PORTS = { from: 0, to: 65_535 };

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      ...{ port: text, host: text, 'metrics-port': text, workers: text },
      ...DATA_DIR_OPTION,
      'with-triggers': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  return {
    withTriggers: values['with-triggers'] ?? false,
    help: values.help,
    dataDir: values['data-dir'],
    host: values.host ?? '127.0.0.1',
    port: wholeNumber('--port', values.port ?? '5080', PORTS),
    metricsPort: wholeNumber('--metrics-port', values['metrics-port'] ?? '9464', PORTS),
    workers: wholeNumber('--workers', values.workers ?? String(availableParallelism()), { from: 1, to: 256 }),
  };
}

/** Starts what a process of the cluster does. The modules read the environment that the primary process has set. */
async function startRole(env: NodeJS.ProcessEnv, port: number, host: string) {
  if (env[ROLE_VARIABLE] === 'http') return (await import('../infra/server/worker.ts')).startWorker(port, host);
  const triggers = await (await import('../infra/server/triggers.ts')).startTriggers();
  process.send?.('started');
  return triggers;
}

/** The configuration with the broker and Redis to use. @throws UsageError or SetupError */
async function readConfig(env: NodeJS.ProcessEnv, dataDir: string | undefined, withTriggers: boolean): Promise<Config> {
  if (!withTriggers) return scriptConfig(env, dataDir);
  if (dataDir !== undefined || !env.KAFKA_BROKERS || !env.REDIS_URL)
    throw new UsageError(
      '--with-triggers needs KAFKA_BROKERS and REDIS_URL, because the functions of "npm start" count already.',
    );
  const config = scriptConfig(env);
  if (config.KAFKA_AUTH === 'iam')
    throw new UsageError('--with-triggers can not use KAFKA_AUTH=iam: use none or scram.');
  // With a wrong setting nothing must be counted.
  await Promise.all([refuseEvictingRedis(config), prepareTopics(config)]);
  return config;
}

export async function main(args: string[], io: Io): Promise<number> {
  const { help, dataDir, withTriggers, host, port, metricsPort, workers } = readOptions(args);
  if (help) {
    io.print(HELP);
    return 0;
  }
  const stop = io.stopSignal();
  if (cluster.isWorker) {
    const worker = await startRole(io.env, port, host);
    await waitUntil(stop);
    await worker.stop();
    process.exit(0); // connections to a broker or Redis that does not answer may still be open
  }
  const { KAFKA_BROKERS, REDIS_URL } = await readConfig(io.env, dataDir, withTriggers);
  const env = {
    ...{ KAFKA_BROKERS: KAFKA_BROKERS.join(','), REDIS_URL, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    // Otherwise it warns that later versions will not support Node.js 20.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const options = { workers, triggers: withTriggers, host, metricsPort, env, log: io.print };
  const server = await startCluster(options);
  io.print(`Ready: http://${host}:${server.port} (processes ${server.pids.join(', ')})`);
  io.print(`Metrics: http://${host}:${server.metricsPort}/metrics`);
  if (withTriggers) io.print(`Kafka triggers and schedule: process ${server.triggersPid}`);
  await waitUntil(stop);
  io.print('finishing the work under way…');
  await server.stop();
  return 0;
}

await runScript(import.meta, 'serve', main);
