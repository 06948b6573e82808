import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const addressOf = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });

/** Opens a plain TCP connection to an HTTP server. */
export const openSocket = (url: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ ...addressOf(url), allowHalfOpen: true }, () => resolve(socket));
    socket.on('error', reject);
  });

/**
 * Sends the pieces one after the other. Resolves with the data received until the server closes the connection, until
 * the data match `enough`, or after `waitMs`.
 */
export const exchange = async (
  url: string,
  pieces: readonly (string | Buffer)[],
  { enough, waitMs = 5000, end = false }: { enough?: RegExp; waitMs?: number; end?: boolean } = {},
): Promise<string> => {
  const socket = await openSocket(url);
  let received = '';
  const over = new Promise<void>((resolve) => {
    socket.on('close', () => resolve()).on('end', () => resolve());
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += String(chunk);
      if (enough?.test(received)) resolve();
    });
  });
  for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
  if (end) socket.end();
  await Promise.race([over, sleep(waitMs, undefined, { ref: false })]);
  socket.destroy();
  return received;
};
