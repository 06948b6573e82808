import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Frame } from '../../lib/domain/frame.ts';
import { serverMessageSchema, type ServerMessage } from '../../lib/domain/socket-message.ts';
import { until } from '../support/until.ts';

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** A viewer with a WebSocket. Every message that arrives must be one of the protocol. */
export interface SocketClient {
  messages: ServerMessage[];
  /** The frames of a room, in the order of their arrival. */
  frames(room: string): Frame[];
  /** The largest total of each emoji. */
  totals(room: string): Record<string, number>;
  send(message: unknown): void;
  /** Sends a message; resolves with the next message of that type. */
  ask<T extends ServerMessage['type']>(message: unknown, type: T): Promise<Of<T>>;
  /** Closes the connection; resolves with the code. */
  close(): Promise<number>;
  /** Breaks the connection without closing it. */
  terminate(): void;
  /** The code with which the connection was closed. */
  closed: Promise<number>;
}

interface Options {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  origin?: string;
}

/** Connects. @throws Error with the status when the connection is refused */
export async function connectSocket(url: string, { query = {}, ...options }: Options = {}): Promise<SocketClient> {
  const socket = new WebSocket(`${url}?${new URLSearchParams(query)}`, options);
  const messages: ServerMessage[] = [];
  socket.on('message', (data) => messages.push(serverMessageSchema.parse(JSON.parse((data as Buffer).toString()))));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  socket.on('error', () => undefined);
  const frames = (room: string) =>
    messages.filter((message): message is Frame => message.type === 'counts' && message.room_id === room);
  const send = (message: unknown) =>
    socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  return {
    messages,
    frames,
    totals: (room) => {
      const totals: Record<string, number> = {};
      for (const frame of frames(room))
        for (const [emoji, total] of Object.entries(frame.totals)) totals[emoji] = Math.max(total, totals[emoji] ?? 0);
      return totals;
    },
    send,
    ask: async <T extends ServerMessage['type']>(message: unknown, type: T) => {
      const from = messages.length;
      send(message);
      return until(`${type} has arrived`, () => messages.slice(from).find((each): each is Of<T> => each.type === type));
    },
    close: () => {
      socket.close();
      return closed;
    },
    terminate: () => socket.terminate(),
    closed,
  };
}

/** The HTTP status with which a connection is refused. */
export const refusalOf = async (url: string, options?: Options): Promise<number> => {
  const error = await connectSocket(url, options).then(
    (client) => {
      client.terminate();
      return new Error('was accepted');
    },
    (reason: unknown) => reason as Error,
  );
  return Number(/Unexpected server response: (\d+)/.exec(error.message)?.[1]) || Promise.reject(error);
};
