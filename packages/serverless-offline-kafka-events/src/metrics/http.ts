import { createServer } from 'node:http';
import { KafkaEventsError } from '../errors.ts';
import type { MappingReport } from './report.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Every mapping's metrics as JSON, on this machine only. Port 0 takes any.
 * @throws KafkaEventsError CONFIG_INVALID when the port is taken
 */
export const serveMetrics = (port: number, reports: () => readonly MappingReport[]): Promise<MetricsServer> => {
  const server = createServer((_, response) => {
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
