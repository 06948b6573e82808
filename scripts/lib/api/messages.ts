import { z } from 'zod';
import { clientMessageSchema, serverMessageSchema } from '../../../lib/domain/socket-message.ts';
import { deadLetterTopicSchema } from '../../../lib/usecases/dead-letters.ts';
import type { Message } from './asyncapi-types.ts';
import { described, portable } from './described.ts';
import { bodyOf, valuesOf } from './examples.ts';
import { batchOf, detailSchema, frame, reactionSchema, tapSchema, updateLine } from './schemas.ts';

const [room, ping, tap] = clientMessageSchema.options;
const [, ack, pong, error] = serverMessageSchema.options;
const [deadLetter, replayMark] = deadLetterTopicSchema.options;

/** AsyncAPI's schemas are a superset of JSON Schema draft 7. */
export const jsonSchema = (schema: z.ZodType): object => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', override: portable });
  return json;
};

const message = (title: string, summary: string, schema: z.ZodType, examples: unknown[]): Message => ({
  ...{ title, summary, contentType: 'application/json' },
  payload: jsonSchema(schema),
  examples: examples.map((payload) => ({ payload })),
});

const keyed = (description: string, each: Message): Message => ({
  ...each,
  bindings: { kafka: { key: { type: 'string', description }, bindingVersion: '0.5.0' } },
});

const OUTCOME = {
  status: 'The status with which the HTTP API would answer.',
  error: 'What is wrong, in a sentence.',
  details: 'Each value that is wrong.',
  retry_after: 'When the same message may succeed (s).',
};
const details = z.array(detailSchema).optional();

const tapMessage = {
  type: tap.shape.type.meta({ description: 'The type of the message.' }),
  id: tap.shape.id.meta({ description: 'Chosen by the client, and returned with the answer.' }),
};

const nonceMessage = (type: 'challenge' | 'response', nonce: string) =>
  described(z.object({ type: z.literal(type), nonce: z.string() }), { type: 'The type of the line.', nonce });

const PLACE = {
  topic: 'The topic of the record.',
  partition: 'Its partition.',
  offset: 'Its offset.',
  timestamp: 'Its time (ms since the epoch).',
};
const PLACE_EXAMPLE = { topic: 'emoji_topic', partition: 3, offset: 41, timestamp: 1777668300123 };

const frames = valuesOf('main-emoji-updates');

/** Every message of the platform but those of the HTTP API, by its name. */
export const messages = {
  Reaction: keyed(
    'The `user_id` of a tap with an `event_id`, so that a copy meets its original in one partition; other taps have no key.',
    message('A tap', 'A tap as ingest has received it.', reactionSchema, valuesOf('msk-one-room').slice(0, 1)),
  ),
  Frame: keyed(
    'The room.',
    message(
      'A frame',
      'The state of a room: never a difference, so it may be lost, repeated or late. For each window and emoji, and for each total, the largest value seen is right.',
      frame,
      frames,
    ),
  ),
  DeadLetter: message(
    'A dead letter',
    'A record that could not be read, with its original bytes.',
    described(deadLetter, {
      ...PLACE,
      reason: 'Why it could not be read.',
      key: 'Its key, in base64.',
      value: 'Its value, in base64.',
      truncated: 'The value was cut, or the key left out, because of their size.',
    }),
    [{ ...PLACE_EXAMPLE, reason: 'not JSON in UTF-8', value: 'b29wcw==' }],
  ),
  ReplayMark: message(
    'A replay mark',
    'Written by `npm run dlq -- replay` before and after it puts a record back.',
    described(replayMark.extend({ of: described(replayMark.shape.of, PLACE) }), {
      replay: 'Whether the replay has begun or is done.',
      of: 'The record.',
    }),
    [{ replay: 'done', of: PLACE_EXAMPLE }],
  ),
  Room: message(
    'Enter a room',
    'Moves the connection to a room. Sent first: the answer is the state of the room.',
    described(room, { type: 'The type of the message.', room_id: 'The room.' }),
    [{ type: 'room', room_id: 'events' }],
  ),
  Ping: message(
    'A ping',
    'Keeps the connection and its registration; to be sent every 4 minutes.',
    described(ping, { type: 'The type of the message.' }),
    [{ type: 'ping' }],
  ),
  Tap: message(
    'Taps',
    'The body of `POST /emoji` in a message.',
    z.union([tapSchema.extend(tapMessage), batchOf(tapSchema).extend(tapMessage)]),
    [
      { type: 'tap', id: 7, ...(bodyOf('http-post-emoji') as object) },
      { type: 'tap', id: 8, ...(bodyOf('http-post-emoji-batch') as object) },
    ],
  ),
  Ack: message(
    'An answer to taps',
    'Status 200 means that the broker has acknowledged every tap.',
    described(ack.extend({ details }), {
      ...OUTCOME,
      type: 'The type of the message.',
      id: 'The `id` of the message that this answers.',
      accepted: 'The number of taps, for a message with `events`.',
    }),
    [
      { type: 'ack', id: 7, status: 200 },
      { type: 'ack', id: 8, status: 200, accepted: 5 },
      {
        ...{ type: 'ack', id: 9, status: 429, error: 'Too many taps', retry_after: 2 },
        details: [{ path: 'user_id', message: 'u1 may send 40 taps at once and as many more every 2 s' }],
      },
    ],
  ),
  Pong: message(
    'An answer to a ping',
    'The registration is refreshed.',
    described(pong, { type: 'The type of the message.', room_id: 'The room in which the connection is registered.' }),
    [{ type: 'pong', room_id: 'events' }],
  ),
  Error: message(
    'An error',
    'The answer to a message that failed, unless it is a tap. 404 to a ping: send a room message. 401: connect again.',
    described(error.extend({ details }), {
      ...OUTCOME,
      type: 'The type of the message.',
      of: 'The type of the message that failed; absent when it could not be read.',
    }),
    [{ type: 'error', of: 'ping', status: 404, error: 'This connection is not registered: send a room message' }],
  ),
  UpdateLine: message('An update', 'A line of JSON: the count of one emoji in one window.', updateLine, [
    {
      ...{ room_id: 'events', start: '2026-05-01T20:45:00.000Z', end: '2026-05-01T20:45:02.000Z', emoji_type: '🔥' },
      ...{ raw_count: 1830, scaled_count: 2, aggregation_ratio: 1000, window_ms: 2000, total_count: 20450 },
    },
  ]),
  Challenge: message(
    'A challenge',
    'With `DELIVERY_HANDSHAKE=nonce`: the first line of each connection.',
    nonceMessage('challenge', 'Random text, new for each connection.'),
    [{ type: 'challenge', nonce: 'kq3BhY0m5mWJ7vVx3b8TRw' }],
  ),
  Response: message(
    'An answer to a challenge',
    'The client gets updates once it has answered within `DELIVERY_TIMEOUT_MS`.',
    nonceMessage('response', 'The nonce of the challenge.'),
    [{ type: 'response', nonce: 'kq3BhY0m5mWJ7vVx3b8TRw' }],
  ),
} satisfies Record<string, Message>;

export type MessageName = keyof typeof messages;
