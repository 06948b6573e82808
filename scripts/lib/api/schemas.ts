import { z } from 'zod';
import { frameSchema } from '../../../lib/domain/frame.ts';
import { DEFAULT_ROOM, MAX_EVENTS, reactionSchemas, roomId } from '../../../lib/domain/reaction.ts';
import { registrationSchema } from '../../../lib/domain/registration.ts';
import { updateLineSchema } from '../../../lib/domain/update-line.ts';
import { described } from './described.ts';

// The schemas that the functions use, with descriptions.

/** The short codes are configuration. */
const { tap, reaction } = reactionSchemas([]);

const ROOM = 'No white space, braces or invisible characters.';

const TAP_FIELDS = {
  user_id: {
    description: 'Who taps. With a token it must be its `sub`. A whole number is kept as a string.',
    examples: ['u1', 42],
  },
  emoji_type: {
    description:
      'Exactly one emoji (skin tones, flags and families included), or one of `EMOJI_SHORT_CODES`. `❤` and `❤️` are counted as the same emoji.',
    examples: ['🔥', '👏🏽'],
  },
  timestamp: {
    description:
      'ISO 8601, as the standard libraries of common languages write it. Without a time zone the time of arrival is used instead. A time in the future counts as now. A tap more than 10 s old (`WATERMARK_SECONDS`) enters no window and is counted as late.',
    examples: ['2026-05-01T20:45:00.123Z', '2026-05-01 22:45:00+0200'],
  },
  room_id: `The room in which the tap counts. ${ROOM}`,
  event_id:
    'Makes it safe to send the tap again: taps with the same `user_id`, `room_id` and `event_id` count once within 10 minutes (`EVENT_ID_TTL_SECONDS`).',
  count: 'The number of taps that the client has merged.',
};

export const tapSchema = described(tap, TAP_FIELDS).meta({ description: 'One tap, or several that a client merged.' });

/** @param each the schema of a tap */
export const batchOf = <T extends z.ZodType>(each: T) =>
  z
    .object({ events: z.array(each).min(1).max(MAX_EVENTS).meta({ description: 'Accepted or rejected as a whole.' }) })
    .meta({ description: 'Several taps in one request.' });

/** A record of `emoji_topic`: ingest has written the tap in its canonical form. */
export const reactionSchema = described(reaction.extend({ user_id: z.string(), emoji_type: z.string() }), {
  ...TAP_FIELDS,
  user_id: 'Who has tapped.',
  emoji_type: 'The canonical, fully qualified form of the emoji, or a short code.',
  received_at: 'When ingest has received the tap; the event time is never later.',
});

export const roomParameter = roomId.default(DEFAULT_ROOM).meta({ description: `The room. ${ROOM}` });

export const registration = described(registrationSchema, {
  client_id: {
    description:
      'Registering the same client again moves or refreshes it. With a token it must be its `sub`, or begin with it and a colon.',
    examples: ['alice'],
  },
  host: 'Where the client listens for TCP connections: a host that `DELIVERY_ALLOWED_HOSTS` allows.',
  port: { description: 'The TCP port on which the client listens.', examples: [6000] },
  room_id: `The room of which the client gets updates. ${ROOM}`,
  cluster_id: 'The cluster that serves the client; by default the least loaded one. A number may be sent as a string.',
}).meta({ description: 'A client that gets the updates of a room over TCP.' });

const RATIO = 'The scaled count is the count divided by this, rounded up.';

export const frame = described(frameSchema, {
  v: 'The version of the format.',
  type: 'The type of the message.',
  room_id: 'The room of which this is the state.',
  window_ms: 'The length of a window.',
  aggregation_ratio: RATIO,
  windows:
    'The windows that have changed, oldest first, with all their counts so far: taps by emoji. `final` marks a window that is over.',
  totals: 'All taps of the room so far, by emoji.',
  at: 'When the frame was published.',
}).meta({
  description:
    'The state of a room, never a difference, so it may be lost, repeated or late: for each window and emoji, and for each total, the largest value seen is right.',
});

export const updateLine = described(updateLineSchema, {
  room_id: 'The room.',
  start: 'The beginning of the window.',
  end: 'The end of the window.',
  emoji_type: 'The emoji, a short code, or `:other:` for emojis beyond `MAX_EMOJIS_PER_ROOM`.',
  raw_count: 'Taps in the window so far. Cumulative: the largest value seen is right.',
  scaled_count: '`raw_count` divided by `aggregation_ratio`, rounded up.',
  aggregation_ratio: RATIO,
  window_ms: 'The length of the window.',
  total_count: 'All taps of that emoji in the room, in all windows.',
  final: 'The window is over. Only taps that an outage has delayed can still raise its counts.',
}).meta({ description: 'The count of one emoji in one window.' });

/** Where a value is wrong. */
export const detailSchema = described(z.object({ path: z.string(), message: z.string() }), {
  path: {
    description: 'Where the value is in the request; empty for the whole body.',
    examples: ['events.3.emoji_type'],
  },
  message: { description: 'What the value must be.', examples: ['must be at least 1'] },
});
