import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { awakeClock } from './awake-clock.ts';
import { PlatformError } from '../../errors.ts';
import { write } from './dial.ts';

/** An answer has some 80 bytes; whoever sends more without a line break does not speak our protocol. */
const MAX_ANSWER = 1024;

const message = (type: 'challenge' | 'response', nonce: string): string => `${JSON.stringify({ type, nonce })}\n`;

/** The nonce of a line of that type. An extra field does no harm, so that either side can grow. */
const nonceOf = (type: 'challenge' | 'response', line: string): string | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { type: given, nonce } = (value ?? {}) as Record<string, unknown>;
  return given === type && typeof nonce === 'string' ? nonce : undefined;
};

/** What a client answers to a line of the platform, its line break included; undefined when the line is no challenge. */
export const answerTo = (line: string): string | undefined => {
  const nonce = nonceOf('challenge', line);
  return nonce === undefined ? undefined : message('response', nonce);
};

/**
 * Asks whoever listens to say a random word in our own protocol, on each connection, so that nobody gets counts who has
 * not asked for them: no other service that a registration names, nor the program that takes a client's port later.
 * @throws PlatformError `delivery_failed` when the first line is another, too long or does not come in time. The socket
 *   is closed then.
 */
export const handshake = async (socket: Socket, withinMs: number): Promise<void> => {
  const nonce = randomBytes(16).toString('base64url');
  const [line] = await Promise.all([
    firstLine(socket, withinMs),
    write(socket, message('challenge', nonce), withinMs, () => undefined),
  ]);
  if (nonceOf('response', line) === nonce) return;
  socket.destroy();
  throw new PlatformError('delivery_failed', 'The client does not answer the challenge');
};

/** What follows the line is left unread. */
const firstLine = (socket: Socket, withinMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const cancel = awakeClock.after(withinMs, () => socket.destroy());
    const settle = (act: () => void) => {
      cancel();
      socket.off('data', read).off('end', closed).off('close', closed);
      act();
    };
    const read = (chunk: Buffer) => {
      const end = chunk.indexOf('\n');
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      length += chunk.length;
      if (end >= 0) settle(() => resolve(Buffer.concat(chunks).toString()));
      else if (length > MAX_ANSWER) socket.destroy();
    };
    const closed = () => {
      socket.destroy();
      settle(() => reject(new PlatformError('delivery_failed', 'The client does not answer the challenge')));
    };
    socket.on('data', read).once('end', closed).once('close', closed);
  });
