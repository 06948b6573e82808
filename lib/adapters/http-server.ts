import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { CORS } from '../config/cors.ts';
import { MAX_BODY_BYTES } from './http.ts';
import { toEvent } from './http-event.ts';

/** The handler of a function, as API Gateway invokes it. */
export type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** What is known of an answer, for metrics. */
export interface Answered {
  /** `POST /emoji`; undefined for requests that match no route. */
  route: string | undefined;
  status: number;
  ms: number;
}

interface Options {
  /** By route, as in serverless.yml: `DELETE /register/{client_id}`. */
  routes: Readonly<Record<string, Handler>>;
  /** Web pages that may call the API; `*` allows all. */
  origins: readonly string[];
  /** How many proxies in front of the server append to `X-Forwarded-For`; the header of others is not trusted. */
  proxies: number;
  onAnswer?(answered: Answered): void;
}

/** Longer than the 60 s of common load balancers, which must not reuse a connection that is about to be closed. */
const KEEP_ALIVE_MS = 65_000;
const MAX_READ_BYTES = 10 * 1024 * 1024;
/** A client that sends its request more slowly is cut off. */
const REQUEST_MS = 15_000;

interface Route {
  name: string;
  method: string;
  pattern: RegExp;
  handler: Handler;
}

const compile = ([name, handler]: [string, Handler]): Route => {
  const [method = '', path = ''] = name.split(' ');
  return { name, method, handler, pattern: new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`) };
};

/**
 * The body, or undefined when it is too large. It is read to its end nevertheless, because many clients only look for an
 * answer then; more than 10 MiB, the limit of API Gateway, are not read.
 */
const read = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (size > MAX_READ_BYTES) return undefined;
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
};

/** The last address that a trusted proxy has appended, or that of the connection. */
const sourceOf = (request: IncomingMessage, proxies: number): string => {
  const forwarded = (request.headersDistinct['x-forwarded-for'] ?? []).flatMap((each) => each.split(','));
  return (proxies > 0 && forwarded.at(-proxies)?.trim()) || (request.socket.remoteAddress ?? '');
};

const error = (statusCode: number, message: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: JSON.stringify({ error: message }),
});

/** Adds the headers of an answer to a page of an allowed origin, as API Gateway does. */
const allowOrigin = (request: IncomingMessage, response: ServerResponse, origins: readonly string[]): void => {
  if (origins.length === 0) return;
  response.appendHeader('vary', 'origin');
  const { origin } = request.headers;
  const isAny = origins.includes('*');
  if (origin === undefined || !(isAny || origins.includes(origin))) return;
  const headers: Record<string, string> = {
    'access-control-allow-origin': isAny ? '*' : origin,
    ...(request.method === 'OPTIONS'
      ? {
          'access-control-allow-methods': CORS.allowedMethods.join(','),
          'access-control-allow-headers': CORS.allowedHeaders.join(','),
          'access-control-max-age': String(CORS.maxAge),
        }
      : { 'access-control-expose-headers': CORS.exposedResponseHeaders.join(',') }),
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
};

const parametersOf = (match: RegExpExecArray): Record<string, string> | undefined => {
  try {
    return Object.fromEntries(
      Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
  } catch {
    return undefined;
  }
};

/** Serves the HTTP functions without API Gateway: the same handlers, events and answers. */
export const createHttpServer = ({ routes, origins, proxies, onAnswer }: Options): Server => {
  const compiled = Object.entries(routes).map(compile);

  const answer = async (request: IncomingMessage, found: (name: string) => void) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const matching = compiled.flatMap((route) => {
      const match = route.pattern.exec(path);
      return match ? [{ route, match }] : [];
    });
    if (request.method === 'OPTIONS' && request.headers.origin !== undefined) return { statusCode: 204 };
    const { route, match } = matching.find(({ route: { method } }) => method === request.method) ?? {};
    if (!route || !match) return error(404, 'Not found');
    found(route.name);
    const parameters = parametersOf(match);
    if (!parameters) return error(400, 'The path is not percent-encoded correctly');
    const body = await read(request);
    if (!body) return error(413, `The body must not be larger than ${MAX_BODY_BYTES} bytes`);
    return route.handler(toEvent(request, body, { route: route.name, parameters }, sourceOf(request, proxies)));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const began = performance.now();
    let route: string | undefined;
    const result = await answer(request, (name) => (route = name));
    const { statusCode = 200, headers = {}, body = '' } = result as APIGatewayProxyStructuredResultV2;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
    allowOrigin(request, response, origins);
    if (!server.listening) response.setHeader('connection', 'close'); // it is draining
    response.writeHead(statusCode, statusCode === 204 ? {} : { 'content-length': Buffer.byteLength(body) });
    response.end(body);
    onAnswer?.({ route, status: statusCode, ms: performance.now() - began });
  };

  const server = createServer((request, response) => {
    // It rejects when the client ends the connection in the middle of its request.
    serve(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = KEEP_ALIVE_MS + 1000;
  server.requestTimeout = REQUEST_MS;
  return server;
};

/** Stops accepting connections, and resolves when every request under way is answered, or after `graceMs`. */
export const drain = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
