import { isIP } from 'node:net';
import { beforeServers, interceptRequests, portOf, refuse } from './intercept.js';

/**
 * Any function can be invoked at serverless-offline's lambdaPort, with any event. It is for the triggers and tools of
 * this machine, but a page of any site can reach it too: it needs no permission to send text, and its own name may
 * lead to this machine. This plugin refuses what a page sends, and what is sent to a name that is not this machine's.
 */
export default class OwnToolsOnly {
  #port;
  #host;

  /**
   * @param {import('./intercept.js').Serverless} serverless
   * @param {Record<string, string | undefined>} options
   */
  constructor(serverless, options) {
    this.#port = () => portOf('lambdaPort', 3002, serverless, options);
    this.#host = () => options.host ?? serverless.service.custom['serverless-offline']?.host ?? 'localhost';
  }

  hooks = beforeServers(() =>
    interceptRequests(this.#port, (request, response, next) => {
      const reason = refusalOf(request, this.#host());
      return reason === undefined ? next() : refuse(response, 403, reason);
    }),
  );
}

/**
 * A page that the browser loaded from elsewhere sends one of these; an address typed by its user comes from `none`. An
 * address in place of a name can't have been pointed here by somebody else.
 * @param {import('node:http').IncomingMessage} request
 * @param {string} ownName
 */
const refusalOf = ({ headers }, ownName) => {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none'))
    return 'This port is for tools of this machine, not for web pages';
  const name = headers.host?.replace(/:\d*$/, '').toLowerCase() ?? 'localhost';
  const own = name === 'localhost' || name === ownName.toLowerCase() || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return own ? undefined : 'This port is for tools of this machine: the Host header must be localhost or an address';
};
