import { subscribe } from 'node:diagnostics_channel';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/**
 * Hooks that run before the servers of serverless-offline are created, for `serverless offline start` and for
 * `serverless offline`, which emit different events.
 * @param {() => void} install
 */
export const beforeServers = (install) => ({
  'before:offline:start:init': install,
  'before:offline:start': install,
});

/** The events by which a server gets a request; `checkContinue` is for clients that wait for `100 Continue`. */
const ARRIVALS = new Set(['request', 'checkContinue']);

/** Longer than clients keep idle connections: a server that closes first cuts off requests that are on their way. */
const KEEP_ALIVE_MS = 65_000;

/**
 * serverless-offline gives no access to its servers, but Node publishes each request on a diagnostics channel before the
 * server handles it. `handle` may change or answer requests to the given port, and calls `next` to pass them on to the
 * server. Idle connections are kept open for 65 s.
 *
 * @param {() => number} port
 * @param {(request: Request, response: Response, next: () => boolean) => boolean} handle
 */
export const interceptRequests = (port, handle) => {
  /** @type {WeakSet<object>} */
  const known = new WeakSet();
  subscribe('http.server.request.start', (message) => {
    const { server } = /** @type {{ server: import('node:http').Server }} */ (message);
    if (known.has(server)) return;
    const address = server.address();
    if (typeof address !== 'object' || address?.port !== port()) return;
    known.add(server);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const emit = server.emit.bind(server);
    /** @type {(event: string, ...args: unknown[]) => boolean} */
    server.emit = (event, ...args) =>
      ARRIVALS.has(event)
        ? handle(/** @type {Request} */ (args[0]), /** @type {Response} */ (args[1]), () => emit(event, ...args))
        : emit(event, ...args);
  });
};

/**
 * Answers a request in the shape of the API's errors.
 * @param {Response} response
 * @param {number} status
 * @param {string} error
 * @param {Record<string, string>} [headers]
 */
export const refuse = (response, status, error, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify({ error }));
  return true;
};

/**
 * A port of serverless-offline: from the command line, else from serverless.yml.
 * @param {'httpPort' | 'lambdaPort' | 'websocketPort'} name
 * @param {number} fallback
 * @param {Serverless} serverless
 * @param {Record<string, string | undefined>} options of the command line
 */
export const portOf = (name, fallback, serverless, options) =>
  Number(options[name] ?? serverless.service.custom['serverless-offline']?.[name] ?? fallback);

/** @typedef {{ service: { custom: Record<string, { httpPort?: number, lambdaPort?: number, websocketPort?: number, host?: string }> } }} Serverless */
