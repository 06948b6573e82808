import { subscribe } from 'node:diagnostics_channel';
import { beforeServers } from './intercept.js';

/**
 * serverless-offline looks at `provider.httpApi.cors` only when a browser asks beforehand; the answers themselves, and
 * those of the port that invokes functions, it opens to the pages of every site, which API Gateway does not. This plugin
 * takes the `access-control-` headers away from answers to pages that may not call.
 */
export default class LocalCors {
  #serverless;

  /** @param {{ service: { provider: { httpApi?: { cors?: { allowedOrigins: string[] } } } } }} serverless */
  constructor(serverless) {
    this.#serverless = serverless;
  }

  hooks = beforeServers(() => subscribe('http.server.request.start', (message) => this.#guard(message)));

  /** @param {unknown} message */
  #guard(message) {
    const { request, response } =
      /** @type {{ request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse }} */ (
        message
      );
    const { origin } = request.headers;
    const allowed = this.#serverless.service.provider.httpApi?.cors?.allowedOrigins ?? [];
    if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return;
    const setHeader = response.setHeader.bind(response);
    response.setHeader = (name, value) =>
      name.toLowerCase().startsWith('access-control-') ? response : setHeader(name, value);
  }
}
