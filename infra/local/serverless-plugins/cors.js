import { subscribe } from 'node:diagnostics_channel';
import { beforeServers } from './intercept.js';

/**
 * serverless-offline applies `provider.httpApi.cors` only to preflight requests. Unlike API Gateway, it allows every
 * origin in the answers themselves and on the port that invokes functions. This plugin removes the `access-control-`
 * headers from answers to origins that are not allowed.
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
