import { createServer, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { KafkaEventsError } from '../errors.ts';
import type { MappingReport } from './report.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Whether a web page sent the request, not a program on this machine or a user who typed the address (`none`). Browsers
 * name the page's site in a header; with DNS rebinding, they name its host in place of localhost or an IP address.
 */
const isFromWebPage = ({ headers }: IncomingMessage): boolean => {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) return true;
  const name = headers.host?.replace(/:\d*$/, '').toLowerCase() ?? 'localhost';
  return name !== 'localhost' && isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0;
};

/**
 * Serves the metrics of every mapping as JSON, on 127.0.0.1 only. Port 0 chooses a free port.
 * @throws KafkaEventsError CONFIG_INVALID if the port is in use
 */
export const serveMetrics = (port: number, reports: () => readonly MappingReport[]): Promise<MetricsServer> => {
  const server = createServer((request, response) => {
    if (isFromWebPage(request)) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('metrics are not served to web pages\n');
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
