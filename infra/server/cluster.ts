import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import { SetupError } from '../local/errors.ts';

export interface ClusterOptions {
  /** Processes that serve the HTTP API. */
  workers: number;
  /** Whether another process invokes the functions with Kafka triggers. */
  triggers: boolean;
  host: string;
  metricsPort: number;
  /** The environment of the workers, in addition to that of this process. */
  env: Record<string, string>;
  log(line: string): void;
}

/** What a worker does, in its environment. */
type Role = 'http' | 'triggers';
export const ROLE_VARIABLE = 'SERVE_ROLE';

/** A worker that ends by itself is replaced after this time (ms), so that one that always fails uses little. */
const RESTART_MS = 1000;

/** The metrics of all workers together, in the text format of Prometheus, on a port of their own: they are not for clients. */
const serveMetrics = async (port: number, host: string) => {
  const registry = new AggregatorRegistry();
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end('Not found\n');
    registry.clusterMetrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  await once(server.listen(port, host), 'listening');
  return server;
};

/** Resolves with what the worker says when it has started. @throws SetupError when it ends instead */
const started = async (worker: Worker, event: 'listening' | 'message'): Promise<unknown> => {
  const ended = once(worker, 'exit').then(([code]) => {
    throw new SetupError(
      `A process of the server ended while it started (exit code ${String(code)}); its reason is above.`,
    );
  });
  const [what] = (await Promise.race([once(worker, event), ended])) as unknown[];
  return what;
};

/**
 * Starts processes that share a port, one per core by default, and replaces those that end.
 * `stop` lets them answer the requests under way.
 */
export async function startCluster({ workers: count, triggers, host, metricsPort, env, log }: ClusterOptions) {
  const workers = new Set<Worker>();
  let isStopping = false;
  const fork = (role: Role): Worker => {
    const worker = cluster.fork({ ...env, [ROLE_VARIABLE]: role });
    workers.add(worker);
    worker.once('exit', (code, signal) => {
      workers.delete(worker);
      if (isStopping || !isReady) return;
      log(`process ${worker.process.pid} has ended (${signal ?? `exit code ${code}`}) and is replaced`);
      void sleep(RESTART_MS).then(() => {
        if (!isStopping) log(`process ${fork(role).process.pid} is starting`);
      });
    });
    return worker;
  };
  const stop = async (): Promise<void> => {
    isStopping = true;
    metrics?.close();
    await Promise.all(
      [...workers].map((worker) => {
        const ended = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        return ended;
      }),
    );
  };
  let isReady = false;
  let metrics: Awaited<ReturnType<typeof serveMetrics>> | undefined;
  try {
    const http = Array.from({ length: count }, () => fork('http'));
    const trigger = triggers ? fork('triggers') : undefined;
    const [first] = await Promise.all([
      ...http.map((worker) => started(worker, 'listening') as Promise<AddressInfo>),
      trigger && started(trigger, 'message'),
    ]);
    metrics = await serveMetrics(metricsPort, host);
    isReady = true;
    return {
      port: (first as AddressInfo).port,
      metricsPort: (metrics.address() as AddressInfo).port,
      pids: http.map(({ process: { pid } }) => pid),
      triggersPid: trigger?.process.pid,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
