import { beforeServers, interceptRequests, portOf, refuse } from './intercept.js';

/** Requests that may be open at the same time: more would only wait for each other, and in the end for too long. */
const MAX_OPEN = 500;

/**
 * serverless-offline takes every request, however many wait already. This plugin answers those beyond a bound by 503
 * before any work is done for them, as API Gateway does what exceeds its throttling. The port that invokes functions
 * answers the triggers, which count on it.
 */
export default class LocalThrottle {
  #port;

  /**
   * @param {import('./intercept.js').Serverless} serverless
   * @param {Record<string, string | undefined>} options
   */
  constructor(serverless, options) {
    this.#port = () => portOf('httpPort', 3000, serverless, options);
  }

  hooks = beforeServers(() => {
    let open = 0;
    interceptRequests(this.#port, (_request, response, next) => {
      if (open >= MAX_OPEN)
        return refuse(response, 503, 'Too many requests are open: try again in a second', { 'retry-after': '1' });
      open++;
      response.once('close', () => open--);
      return next();
    });
  });
}
