import { subscribe } from 'node:diagnostics_channel';

const HEADER = 'x-start-id';

/**
 * Answers requests that have the header `x-start-id` with the id that `npm start` gave this process, so that it
 * can be distinguished from another platform on the same port.
 */
export default class LocalIdentity {
  hooks = {
    'before:offline:start:init': () => {
      const id = process.env.LOCAL_START_ID;
      if (!id) return;
      subscribe('http.server.request.start', (message) => {
        const { request, response } =
          /** @type {{ request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse }} */ (
            message
          );
        if (HEADER in request.headers) response.setHeader(HEADER, id);
      });
    },
  };
}
