import { beforeServers, interceptRequests, portOf, refuse } from './intercept.js';

/** Maximum number of open requests; with more, all would become too slow. */
const MAX_OPEN = 500;

/**
 * serverless-offline has no limit of open requests. This plugin answers requests beyond a limit with 503 before they
 * cause any work, like API Gateway's throttling. The port that invokes functions has no limit, because the triggers use
 * it.
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
