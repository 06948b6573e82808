import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import { SetupError } from '../local/errors.ts';

export interface ClusterOptions {
  workers: number;
  port: number;
  host: string;
  metricsPort: number;
  /** The environment of the workers, in addition to that of this process. */
  env: Record<string, string>;
  log(line: string): void;
}

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

/** Resolves with the port when the worker accepts requests. @throws SetupError when it ends instead */
const listening = async (worker: Worker): Promise<number> => {
  const ended = once(worker, 'exit').then(([code]) => {
    throw new SetupError(
      `A process of the server ended while it started (exit code ${String(code)}); its reason is above.`,
    );
  });
  const [{ port }] = (await Promise.race([once(worker, 'listening'), ended])) as [{ port: number }];
  return port;
};

/**
 * Starts processes that share a port, one per core by default, and replaces those that end.
 * `stop` lets them answer the requests under way.
 */
export async function startCluster({ workers: count, port, host, metricsPort, env, log }: ClusterOptions) {
  const workers = new Set<Worker>();
  let isStopping = false;
  const fork = (): Worker => {
    const worker = cluster.fork(env);
    workers.add(worker);
    worker.once('exit', (code, signal) => {
      workers.delete(worker);
      if (isStopping || !isReady) return;
      log(`process ${worker.process.pid} has ended (${signal ?? `exit code ${code}`}) and is replaced`);
      void sleep(RESTART_MS).then(() => {
        if (!isStopping) log(`process ${fork().process.pid} is starting`);
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
    const [actual = port] = await Promise.all(Array.from({ length: count }, () => listening(fork())));
    metrics = await serveMetrics(metricsPort, host);
    isReady = true;
    const pids = [...workers].map(({ process: { pid } }) => pid);
    return { port: actual, metricsPort: (metrics.address() as AddressInfo).port, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
