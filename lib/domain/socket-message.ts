import { z } from 'zod';
import { frameSchema } from './frame.ts';
import { roomId } from './reaction.ts';

/**
 * Maximum length of a message. API Gateway closes a connection (code 1009) when a frame exceeds it, and browsers send a
 * message as one frame; a longer message in several frames is refused by the function.
 */
export const MAX_MESSAGE_BYTES = 32 * 1024;

/** Chosen by the client and returned with the ack. */
const messageId = z.union(
  [z.string().max(64, 'must have at most 64 characters'), z.int()],
  'must be a string of at most 64 characters or a whole number',
);

/** Moves the connection to a room. The answer is a frame with the newest windows and all totals of the room. */
const roomMessage = z.object({ type: z.literal('room'), room_id: roomId });

/** Refreshes the time to live of the registration. The answer is a pong. */
const pingMessage = z.object({ type: z.literal('ping') });

/** The other fields are the body of `POST /emoji`, one tap or `events`, and are checked like it. */
const tapMessage = z.looseObject({ type: z.literal('tap'), id: messageId.optional() });

/** What a client sends over its WebSocket. */
export const clientMessageSchema = z.discriminatedUnion('type', [roomMessage, pingMessage, tapMessage], {
  error: 'must be room, tap or ping',
});
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** The status is that of an HTTP answer. A failure has the same `error` and `details`. */
const outcome = {
  status: z.int().min(200).max(599),
  error: z.string().optional(),
  details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** When the same message may succeed (s). */
  retry_after: z.int().nonnegative().optional(),
};

/** The answer to a tap message; 200 when the broker has acknowledged every tap. */
const ackMessage = z.object({
  type: z.literal('ack'),
  id: messageId.optional(),
  ...outcome,
  /** The number of taps, for a message with `events`. */
  accepted: z.int().positive().optional(),
});

/** The answer to a ping: the room in which the connection is registered. */
const pongMessage = z.object({ type: z.literal('pong'), room_id: roomId });

/** The answer to a message that failed, unless it is a tap. */
const errorMessage = z.object({
  type: z.literal('error'),
  /** The type of the message; absent when it could not be read. */
  of: z.enum(['room', 'ping']).optional(),
  ...outcome,
  error: z.string(),
});

/** What the platform sends over a WebSocket. Clients ignore types that they don't know. */
export const serverMessageSchema = z.discriminatedUnion('type', [frameSchema, ackMessage, pongMessage, errorMessage]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
