import { beforeServers, interceptRequests, portOf, refuse } from './intercept.js';

/** Bodies that a function gets in base64. */
const BINARY = /application\/octet-stream|multipart\/form-data/i;

/**
 * The local server answers 400 to cookies and content types that do not follow its grammar, before a function is asked.
 * No function looks at either, and a browser sends to localhost the cookies of every application that was ever
 * developed there. This plugin keeps both from the server; functions see the headers as they were sent. A Host header
 * that is none would be a 500.
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
