import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { awakeClock } from './awake-clock.ts';
import { PlatformError } from '../../errors.ts';
import { write } from './dial.ts';

/**
 * Maximum length of an answer (they have about 80 bytes), so that a peer without this protocol can't fill the memory.
 */
const MAX_ANSWER = 1024;

const message = (type: 'challenge' | 'response', nonce: string): string => `${JSON.stringify({ type, nonce })}\n`;

/** The nonce of a line of that type, if it is one. Unknown fields are ignored, for future extensions. */
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

/** A client's answer to a line of the platform, with line break; undefined when the line is not a challenge. */
export const answerTo = (line: string): string | undefined => {
  const nonce = nonceOf('challenge', line);
  return nonce === undefined ? undefined : message('response', nonce);
};

/**
 * Sends a challenge on a new connection and checks the answer, so that counts are sent only to programs that speak this
 * protocol: not to another service that a registration names, or to a program that uses a former client's port.
 * @throws PlatformError `delivery_failed` when the first line is not the answer, is too long or comes too late. Then
 *   the socket is closed.
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

/** Data after the first line is ignored. */
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
