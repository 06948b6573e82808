import { isIP } from 'node:net';
import { beforeServers, interceptRequests, portOf, refuse } from './intercept.js';

/**
 * serverless-offline's lambdaPort invokes any function with any event, and its websocketPort sends anything to any
 * WebSocket connection, for the triggers, functions and tools of this machine. Web pages can reach both too: they need
 * no permission to send text, and their host name may resolve to this machine (DNS rebinding). This plugin rejects
 * requests of web pages, and requests with a host name of another machine. WebSockets are not affected: `$connect`
 * checks their origin.
 */
export default class OwnToolsOnly {
  #ports;
  #host;

  /**
   * @param {import('./intercept.js').Serverless} serverless
   * @param {Record<string, string | undefined>} options
   */
  constructor(serverless, options) {
    this.#ports = [
      () => portOf('lambdaPort', 3002, serverless, options),
      () => portOf('websocketPort', 3001, serverless, options),
    ];
    this.#host = () => options.host ?? serverless.service.custom['serverless-offline']?.host ?? 'localhost';
  }

  hooks = beforeServers(() => {
    for (const port of this.#ports)
      interceptRequests(port, (request, response, next) => {
        const reason = refusalOf(request, this.#host());
        return reason === undefined ? next() : refuse(response, 403, reason);
      });
  });
}

/**
 * Requests of web pages have an Origin or Sec-Fetch-Site header; for an address typed by the user the latter is `none`.
 * An IP address as the host is accepted, because DNS rebinding needs a name.
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
