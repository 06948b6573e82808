import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const addressOf = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });

/** A connection to a server, as it is: whatever is written is sent, and errors are its end. */
export const openSocket = (url: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ ...addressOf(url), allowHalfOpen: true }, () => resolve(socket));
    socket.on('error', reject);
  });

/**
 * Sends the pieces one after the other and resolves with everything that comes back until the server closes, or until
 * it has said `enough`, or after `waitMs`.
 */
export const exchange = async (
  url: string,
  pieces: readonly (string | Buffer)[],
  { enough, waitMs = 5000, end = false }: { enough?: RegExp; waitMs?: number; end?: boolean } = {},
): Promise<string> => {
  const socket = await openSocket(url);
  let said = '';
  const over = new Promise<void>((resolve) => {
    socket.on('close', () => resolve()).on('end', () => resolve());
    socket.setEncoding('latin1').on('data', (chunk) => {
      said += String(chunk);
      if (enough?.test(said)) resolve();
    });
  });
  for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
  if (end) socket.end();
  await Promise.race([over, sleep(waitMs, undefined, { ref: false })]);
  socket.destroy();
  return said;
};
