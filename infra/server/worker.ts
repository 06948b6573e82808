import type { AddressInfo } from 'node:net';
import { Counter, Histogram } from 'prom-client';
import { routes } from '../../functions/routes.ts';
import { createHttpServer, drain } from '../../lib/adapters/http-server.ts';
import { deps } from '../../lib/deps.ts';
import { closeConnections, DRAIN_MS, exposeMetrics } from './process.ts';

const requests = new Counter({
  name: 'emoji_http_requests_total',
  help: 'HTTP requests by route and status.',
  labelNames: ['route', 'status'],
});
const durations = new Histogram({
  name: 'emoji_http_request_duration_seconds',
  help: 'Time from the first byte of a request to its answer, by route.',
  labelNames: ['route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
});

/** Serves the HTTP functions in this process. `stop` answers the requests under way first. */
export async function startWorker(port: number, host: string) {
  exposeMetrics();
  const server = createHttpServer({
    routes,
    origins: deps.config.CORS_ORIGINS,
    proxies: deps.config.TRUSTED_PROXIES,
    onAnswer({ route = 'none', status, ms }) {
      requests.inc({ route, status });
      durations.observe({ route }, ms / 1000);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      await drain(server, DRAIN_MS);
      await closeConnections();
    },
  };
}
