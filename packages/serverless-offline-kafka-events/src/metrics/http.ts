import { createServer, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { KafkaEventsError } from '../errors.ts';
import type { MappingReport } from './report.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Whether a tool of this machine asks, not a page of a site that a browser shows: such a page says where it is from, or
 * it uses a name of its own that leads to this machine. Who types the address is no page (`none`).
 */
const isFromHere = ({ headers }: IncomingMessage): boolean => {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) return false;
  const name = headers.host?.replace(/:\d*$/, '').toLowerCase() ?? 'localhost';
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
};

/**
 * Every mapping's metrics as JSON, on this machine only. Port 0 takes any.
 * @throws KafkaEventsError CONFIG_INVALID when the port is taken
 */
export const serveMetrics = (port: number, reports: () => readonly MappingReport[]): Promise<MetricsServer> => {
  const server = createServer((request, response) => {
    if (!isFromHere(request)) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('for tools of this machine, not for web pages\n');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ mappings: reports() }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new KafkaEventsError('CONFIG_INVALID', `custom.kafkaEvents.metricsPort is ${port}: must be a free port`, {
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
};
