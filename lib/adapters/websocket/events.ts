import { z } from 'zod';
import { PlatformError } from '../../errors.ts';
import {
  clientMessageSchema,
  MAX_MESSAGE_BYTES,
  type ClientMessage,
  type ServerMessage,
} from '../../domain/socket-message.ts';
import type { Logger } from '../../log.ts';
import { invalid, parse } from '../../usecases/parse.ts';
import { addressOf } from '../client-address.ts';
import { toErrorResponse } from '../http.ts';

const contextOf = <T extends string>(eventType: T) =>
  z.object({
    connectionId: z.string().min(1).max(128),
    /** serverless-offline calls the other handlers for a message that names their route as its `action`. */
    eventType: z.literal(eventType),
    requestId: z.string(),
    identity: z.object({ sourceIp: z.string() }),
  });

const texts = z.record(z.string(), z.string());
const connectEvent = z.object({
  requestContext: contextOf('CONNECT'),
  headers: texts.default({}),
  queryStringParameters: texts.nullish(),
});
const messageEvent = z.object({
  requestContext: contextOf('MESSAGE'),
  body: z.unknown(),
  isBase64Encoded: z.boolean().optional(),
});
const disconnectEvent = z.object({ requestContext: contextOf('DISCONNECT').omit({ identity: true }) });

/** The answer of a function to API Gateway. The body of an answer to a message is sent to the client. */
interface Result {
  statusCode: number;
  body?: string;
}

/** A connection that is being opened. */
export interface Opening {
  connection: string;
  /** The client address. */
  address: string;
  origin: string | undefined;
  authorization: string | undefined;
  query: Readonly<Record<string, string>>;
}

/**
 * Creates the handler of `$connect`. The connection is refused with the status of a thrown error.
 * @param accept rejects to refuse the connection
 */
export const connectHandler =
  (log: Logger, accept: (opening: Opening) => Promise<void>) =>
  async (event: unknown): Promise<Result> => {
    try {
      const { requestContext, headers, queryStringParameters } = parse(connectEvent, event, 'Invalid event');
      const { token, ...query } = queryStringParameters ?? {};
      // API Gateway keeps the case in which the client has sent them.
      const named = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      await accept({
        connection: requestContext.connectionId,
        address: addressOf(requestContext.identity.sourceIp),
        origin: named.get('origin'),
        // Browsers can't set headers of a WebSocket.
        authorization: token === undefined ? named.get('authorization') : `Bearer ${token}`,
        query,
      });
      return { statusCode: 200 };
    } catch (error) {
      const { status, body } = toErrorResponse(error);
      if (status >= 500) log.error('connection refused', { error });
      return { statusCode: status, body: JSON.stringify(body) };
    }
  };

/** A message with the connection that it came over. */
export interface Received {
  connection: string;
  address: string;
  message: ClientMessage;
}

/** Creates the handler of `$default`, whose answer is sent to the client. A thrown error becomes an ack or an error. */
export const messageHandler =
  (log: Logger, answer: (received: Received) => Promise<ServerMessage | undefined>) =>
  async (event: unknown): Promise<Result> => {
    let message: ClientMessage | undefined;
    let json: unknown;
    try {
      const { requestContext, body, isBase64Encoded } = parse(messageEvent, event, 'Invalid event');
      json = jsonOf(body, isBase64Encoded ?? false);
      message = parse(clientMessageSchema, json, 'Invalid message');
      const { connectionId: connection, identity } = requestContext;
      return toResult(await answer({ connection, address: addressOf(identity.sourceIp), message }));
    } catch (error) {
      const { status, body, headers } = toErrorResponse(error);
      if (status >= 500) log.error('message failed', { error });
      return toResult(failureOf(message, json, { status, ...body, ...retryAfter(headers) }));
    }
  };

/** Creates the handler of `$disconnect`. Nobody gets its answer. */
export const disconnectHandler =
  (log: Logger, leave: (connection: string) => Promise<void>) =>
  async (event: unknown): Promise<Result> => {
    const parsed = disconnectEvent.safeParse(event);
    if (!parsed.success) return { statusCode: 400 };
    const { connectionId: connection } = parsed.data.requestContext;
    try {
      await leave(connection);
    } catch (error) {
      // Its time to live, or the next frame, removes the connection.
      log.error('connection was not unregistered', { connection, error });
    }
    return { statusCode: 200 };
  };

const jsonOf = (body: unknown, isBase64: boolean): unknown => {
  const text = typeof body === 'string' && isBase64 ? Buffer.from(body, 'base64').toString() : body;
  if (typeof text === 'string' && Buffer.byteLength(text) > MAX_MESSAGE_BYTES)
    throw new PlatformError('payload_too_large', `A message must not be larger than ${MAX_MESSAGE_BYTES} bytes`);
  try {
    if (typeof text === 'string') return JSON.parse(text);
  } catch {
    // Answered like a binary message.
  }
  throw invalid('Invalid JSON', [{ path: '', message: 'must be JSON, sent as text' }]);
};

const failureOf = (
  message: ClientMessage | undefined,
  json: unknown,
  outcome: { status: number; error?: string },
): ServerMessage => {
  if (message?.type === 'tap')
    return { type: 'ack', ...(message.id === undefined ? {} : { id: message.id }), ...outcome };
  const { type } = (json ?? {}) as { type?: unknown };
  const of = type === 'room' || type === 'ping' ? { of: type } : {};
  return { type: 'error', ...of, error: 'Internal error', ...outcome } as ServerMessage;
};

const retryAfter = (headers: Record<string, string> = {}) =>
  headers['retry-after'] === undefined ? {} : { retry_after: Number(headers['retry-after']) };

const toResult = (message: ServerMessage | undefined): Result => ({
  statusCode: 200,
  ...(message ? { body: JSON.stringify(message) } : {}),
});
