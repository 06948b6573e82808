import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * Opens kafkajs's connections as kafkajs itself does (its option `socketFactory`), with one difference. While a broker is
 * unreachable, kafkajs calls `unref` on the same closed socket after each attempt. Node.js then adds a listener each time,
 * and prints a MaxListenersExceededWarning. Here `unref` does nothing once the socket is closed.
 */
export const createSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // `ssl` is false or absent without TLS, and may have a `servername`.
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : connect({ host, port }, onConnect);
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
  return socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
};
