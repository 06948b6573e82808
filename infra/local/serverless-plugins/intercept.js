import { subscribe } from 'node:diagnostics_channel';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/**
 * Hooks that run before the servers of serverless-offline are there, for `serverless offline start` and for
 * `serverless offline`, which has other events.
 * @param {() => void} install
 */
export const beforeServers = (install) => ({
  'before:offline:start:init': install,
  'before:offline:start': install,
});

/** What a server may do with a request; a client that waits for `100 Continue` comes by the second. */
const ARRIVALS = new Set(['request', 'checkContinue']);

/**
 * serverless-offline gives no access to its servers, but Node tells of each request in this process before the server
 * sees it, the first one of a server too. `handle` may change or answer those that come to the given port; it calls
 * `next` for those that the server is to answer.
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
 * A port of serverless-offline, which takes it from the command line first, then from serverless.yml.
 * @param {'httpPort' | 'lambdaPort'} name
 * @param {number} fallback
 * @param {Serverless} serverless
 * @param {Record<string, string | undefined>} options of the command line
 */
export const portOf = (name, fallback, serverless, options) =>
  Number(options[name] ?? serverless.service.custom['serverless-offline']?.[name] ?? fallback);

/** @typedef {{ service: { custom: Record<string, { httpPort?: number, lambdaPort?: number, host?: string }> } }} Serverless */
