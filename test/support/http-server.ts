import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

/** An answer; undefined closes the connection without one. */
type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | undefined;

export interface HttpServer {
  url: string;
  /** The largest number of requests that waited for their answers at the same time. */
  maxConcurrent(): number;
  close(): Promise<void>;
}

/** A small HTTP server on a free port of 127.0.0.1. */
export const serveHttp = async (
  answer: (request: Received) => Answer | Promise<Answer>,
  port = 0,
): Promise<HttpServer> => {
  let pending = 0;
  let max = 0;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    max = Math.max(max, ++pending);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '' } = request;
    const given = await answer({
      method,
      path,
      authorization: request.headers.authorization,
      body: Buffer.concat(chunks).toString(),
    });
    pending--;
    if (!given) return request.socket.destroy();
    response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers });
    response.end(JSON.stringify(given.body ?? {}));
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxConcurrent: () => max,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
