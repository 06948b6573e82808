import { createServer } from 'node:http';
import type { KafkaEvent } from '../src/event.ts';

export interface LambdaEndpoint {
  readonly url: string;
  readonly events: KafkaEvent[];
  /** Function names that were called. */
  readonly names: Set<string>;
  close(): Promise<void>;
}

/** Implements Lambda's Invoke API like an emulator: returns a handler's result as JSON, its error as FunctionError. */
export const lambdaEndpoint = async (handler: (event: KafkaEvent) => unknown = () => null): Promise<LambdaEndpoint> => {
  const events: KafkaEvent[] = [];
  const names = new Set<string>();
  const server = createServer((request, response) => {
    const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '')?.[1];
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (name === undefined) return response.writeHead(404).end();
      names.add(decodeURIComponent(name));
      const event = JSON.parse(Buffer.concat(chunks).toString()) as KafkaEvent;
      events.push(event);
      Promise.resolve(event)
        .then(handler)
        .then(
          (result) => response.writeHead(200).end(JSON.stringify(result ?? null)),
          (error: unknown) =>
            response
              .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
              .end(JSON.stringify({ errorMessage: String(error) })),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    events,
    names,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
