import { beforeServers, interceptRequests, portOf, refuse } from './intercept.js';

/** Content types whose bodies functions get in base64. */
const BINARY = /application\/octet-stream|multipart\/form-data/i;

/**
 * The local server answers 400 for cookies and content types that it can't parse, before it calls a function. No
 * function reads either, and browsers send the cookies of all applications on localhost. This plugin hides both from
 * the server; functions still get the original headers. An invalid Host header, which would be a 500, is answered 400.
 */
export default class HeadersAsSent {
  #port;

  /**
   * @param {import('./intercept.js').Serverless} serverless
   * @param {Record<string, string | undefined>} options
   */
  constructor(serverless, options) {
    this.#port = () => portOf('httpPort', 3000, serverless, options);
  }

  hooks = beforeServers(() =>
    interceptRequests(this.#port, ({ headers }, response, next) => {
      if (headers.host !== undefined && !URL.canParse(`http://${headers.host}/`))
        return refuse(response, 400, 'The Host header must be a name or an address, with or without a port');
      delete headers.cookie;
      const type = headers['content-type'];
      if (type !== undefined)
        headers['content-type'] = BINARY.test(type) ? 'application/octet-stream' : 'application/json';
      return next();
    }),
  );
}
