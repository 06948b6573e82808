import { subscribe } from 'node:diagnostics_channel';

/** Requests that may be open at the same time: more would only wait for each other, and in the end for too long. */
const MAX_OPEN = 500;
const BODY = JSON.stringify({ error: 'Too many requests are open: try again in a second' });

/**
 * serverless-offline takes every request, however many wait already. This plugin answers those beyond a bound by 503
 * before any work is done for them, as API Gateway does what exceeds its throttling.
 */
export default class LocalThrottle {
  #port;
  /** @type {WeakSet<object>} */
  #guarded = new WeakSet();

  /**
   * @param {{ service: { custom: Record<string, { httpPort?: number }> } }} serverless
   * @param {{ httpPort?: string }} options
   */
  constructor(serverless, options) {
    this.#port = () => Number(options.httpPort ?? serverless.service.custom['serverless-offline']?.httpPort);
  }

  hooks = {
    'before:offline:start:init': () =>
      subscribe('http.server.request.start', (message) => {
        const { server } = /** @type {{ server: import('node:http').Server }} */ (message);
        const address = server.address();
        // The port that invokes functions answers the triggers, which count on it.
        if (typeof address === 'object' && address?.port === this.#port() && !this.#guarded.has(server)) {
          this.#guarded.add(server);
          throttle(server);
        }
      }),
  };
}

/** @param {import('node:http').Server} server */
const throttle = (server) => {
  const emit = server.emit.bind(server);
  let open = 0;
  /** @type {(event: string, ...args: unknown[]) => boolean} */
  server.emit = (event, ...args) => {
    if (event !== 'request') return emit(event, ...args);
    const response = /** @type {import('node:http').ServerResponse} */ (args[1]);
    if (open >= MAX_OPEN) {
      response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' }).end(BODY);
      return true;
    }
    open++;
    response.once('close', () => open--);
    return emit(event, ...args);
  };
};
