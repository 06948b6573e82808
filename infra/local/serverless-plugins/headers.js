import { beforeServers, interceptRequests, portOf } from './intercept.js';

/** Bodies that a function gets in base64. */
const BINARY = /application\/octet-stream|multipart\/form-data/i;

/**
 * The local server answers 400 to cookies and content types that do not follow its grammar, before a function is asked.
 * No function looks at either, and a browser sends to localhost the cookies of every application that was ever
 * developed there. This plugin keeps both from the server; functions see the headers as they were sent.
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
    interceptRequests(this.#port, ({ headers }, _response, next) => {
      delete headers.cookie;
      const type = headers['content-type'];
      if (type !== undefined)
        headers['content-type'] = BINARY.test(type) ? 'application/octet-stream' : 'application/json';
      return next();
    }),
  );
}
