import { z } from 'zod';
import { emojiCanonicaliser } from './emoji.ts';
import { MAX_TIMESTAMP_LENGTH, momentOf, TIMESTAMP_FORM } from './timestamp.ts';

export const DEFAULT_ROOM = 'global';
export const MAX_EVENTS = 500;
const MAX_COUNT = 100;

/**
 * An identifier that is safe in a Redis hash tag and in a log line. It contains no invisible characters (control
 * characters, lone surrogates, direction marks, zero width, variation selectors), so two identifiers never look the
 * same because of them.
 */
const identifier = (max: number) =>
  z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .regex(
      /^[^\s{}\p{C}\p{Default_Ignorable_Code_Point}]*$/u,
      'must not hold white space, braces or invisible characters',
    )
    // Different identifiers that are not valid UTF-8 would otherwise be decoded to the same text.
    .regex(/^[^\ufffd]*$/, 'must not hold U+FFFD, which stands for bytes that were not UTF-8');

export const roomId = identifier(64);
export const clientId = identifier(128);

/** The query of a request for a room: `GET /live` and WebSocket `$connect`. */
export const roomQuery = z.object({ room_id: roomId.default(DEFAULT_ROOM) });

const timestamp = z
  .string(`must be ${TIMESTAMP_FORM}`)
  .max(MAX_TIMESTAMP_LENGTH, { error: `must have at most ${MAX_TIMESTAMP_LENGTH} characters`, abort: true })
  .refine((text) => momentOf(text) !== undefined, `must be ${TIMESTAMP_FORM}`);

const count = z
  .int({ error: `must be a whole number from 1 to ${MAX_COUNT}`, abort: true })
  .min(1, `must be at least 1`)
  .max(MAX_COUNT, `must be at most ${MAX_COUNT}`);

/** The schemas of a tap; the accepted short codes are configuration. */
export const reactionSchemas = (shortCodes: readonly string[]) => {
  const canonical = emojiCanonicaliser(shortCodes);
  const emoji = z.string('must be a string').transform((text, context) => {
    const found = canonical(text);
    if (found !== undefined) return found;
    context.issues.push({
      code: 'custom',
      input: text,
      message: 'must be exactly one emoji or a configured short code',
    });
    return z.NEVER;
  });
  const tap = z.object({
    user_id: z.union([identifier(128), z.int().transform(String)], 'must be a string or a whole number'),
    emoji_type: emoji,
    timestamp,
    room_id: roomId.default(DEFAULT_ROOM),
    event_id: z
      .string('must be a string')
      .regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 visible ASCII characters')
      .optional(),
    count: count.default(1),
  });
  return {
    /** A tap as a client sends it. */
    tap,
    /** `{events: […]}`: several taps in one request. */
    batch: z.object({
      events: z
        .array(tap, 'must be a list of taps')
        .min(1, 'must hold at least one tap')
        .max(MAX_EVENTS, `must hold at most ${MAX_EVENTS} taps`),
    }),
    /** A record of `emoji_topic`. */
    reaction: tap.extend({ received_at: z.iso.datetime('must be an ISO-8601 UTC time') }),
  };
};

type Schemas = ReturnType<typeof reactionSchemas>;
export type Tap = z.infer<Schemas['tap']>;
/** A tap with `received_at`, the time (ISO-8601 UTC) at which ingest received it. */
export type Reaction = z.infer<Schemas['reaction']>;

const REQUIRED = ['user_id', 'emoji_type', 'timestamp'] as const;

/** The required fields of a tap that are absent (or null). */
export const missingFields = (value: unknown): string[] =>
  REQUIRED.filter((field) => (value as Record<string, unknown> | null)?.[field] == null);
