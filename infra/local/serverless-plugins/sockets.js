import { createRequire } from 'node:module';
import { beforeServers } from './intercept.js';

/** API Gateway's limit of a frame; browsers send a message as one frame. */
export const MAX_BYTES = 32 * 1024;

/** The WebSocket library that serverless-offline uses. */
const { WebSocketServer } = /** @type {typeof import('ws')} */ (
  createRequire(createRequire(import.meta.url).resolve('serverless-offline'))('ws')
);

/**
 * serverless-offline accepts messages of 100 MB, and an invalid frame of any client ends its process, because nobody
 * listens to the errors of its connections. This plugin closes such connections, as API Gateway does: with code 1009
 * when a message is too large.
 */
export default class SocketLimits {
  hooks = beforeServers(() => limitSockets(WebSocketServer.prototype));
}

/** @param {Pick<import('ws').WebSocketServer, 'handleUpgrade'>} prototype */
export const limitSockets = (prototype) => {
  const { handleUpgrade } = prototype;
  /** @this {import('ws').WebSocketServer} */
  prototype.handleUpgrade = function (request, socket, head, done) {
    this.options.maxPayload = MAX_BYTES;
    handleUpgrade.call(this, request, socket, head, (client, ...rest) => {
      // The library closes the connection itself.
      client.on('error', () => undefined);
      done(client, ...rest);
    });
  };
};
