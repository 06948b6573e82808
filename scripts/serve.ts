import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { type Io, readArgs, runScript, waitUntil, wholeNumber } from './lib/cli.ts';
import { DATA_DIR_OPTION, scriptConfig } from './lib/services.ts';

const HELP = `npm run serve [-- options]     serves the HTTP API without serverless: the same handlers behind Node.js's HTTP server

  --port N          port of the HTTP API (5080; 0 = any free port)
  --host HOST       address to listen on (127.0.0.1; 0.0.0.0 = all)
  --metrics-port N  port of GET /metrics for Prometheus (9464; 0 = any free port)
  --workers N       processes that share the port (default: one per core, ${availableParallelism()} here)
  --data-dir PATH   uses the "npm start" with this data folder
  --help

For rates that are dear with a function call per request, and for containers. Broker and Redis: those of --data-dir, else
KAFKA_BROKERS and REDIS_URL, else those of the running "npm start", whose functions count what this server accepts.
Ctrl-C or SIGTERM answers the requests under way, at most 20 s, and ends.`;

const PORTS = { from: 0, to: 65_535 };

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      ...{ port: text, host: text, 'metrics-port': text, workers: text },
      ...DATA_DIR_OPTION,
      help: { type: 'boolean' },
    },
  });
  return {
    help: values.help,
    dataDir: values['data-dir'],
    host: values.host ?? '127.0.0.1',
    port: wholeNumber('--port', values.port ?? '5080', PORTS),
    metricsPort: wholeNumber('--metrics-port', values['metrics-port'] ?? '9464', PORTS),
    workers: wholeNumber('--workers', values.workers ?? String(availableParallelism()), { from: 1, to: 256 }),
  };
}

export async function main(args: string[], io: Io): Promise<number> {
  const { help, dataDir, host, port, metricsPort, workers } = readOptions(args);
  if (help) {
    io.print(HELP);
    return 0;
  }
  const stop = io.stopSignal();
  if (cluster.isWorker) {
    // Imported here, because it reads the configuration from the environment that the primary has set.
    const { startWorker } = await import('../infra/server/worker.ts');
    const worker = await startWorker(port, host);
    await waitUntil(stop);
    await worker.stop();
    process.exit(0); // connections to a broker or Redis that does not answer may still be open
  }
  const { KAFKA_BROKERS, REDIS_URL } = scriptConfig(io.env, dataDir);
  const { startCluster } = await import('../infra/server/cluster.ts');
  const env = { KAFKA_BROKERS: KAFKA_BROKERS.join(','), REDIS_URL, KAFKAJS_NO_PARTITIONER_WARNING: '1' };
  const server = await startCluster({ workers, port, host, metricsPort, env, log: io.print });
  io.print(`Ready: http://${host}:${server.port} (processes ${server.pids.join(', ')})`);
  io.print(`Metrics: http://${host}:${server.metricsPort}/metrics`);
  await waitUntil(stop);
  io.print('answering the requests under way…');
  await server.stop();
  return 0;
}

await runScript(import.meta, 'serve', main);
