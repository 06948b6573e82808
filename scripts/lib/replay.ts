import type { z } from 'zod';
import { DEAD_LETTER_TOPIC, REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { reasonOf } from '../../lib/domain/decode.ts';
import type { DeadLetter, Place, ReplayMark } from '../../lib/usecases/dead-letters.ts';
import { reactionSchemas } from '../../lib/domain/reaction.ts';
import { frameRecordSchema } from '../../lib/domain/frame.ts';
import type { OutgoingRecord, RecordLog } from '../../lib/ports.ts';
import type { Entry } from './dead-letters.ts';

/** The record to write and its topic, or why it is refused. */
export type Restored = { topic: string; record: OutgoingRecord } | { refused: string };

const CLUSTER_TOPIC = /^cluster_\d+_emoji$/;
/** Kafka's limit of 1 MiB, minus its overhead. */
const MAX_BYTES = 1_048_000;
/** Well within the 10 minutes for which an event_id is remembered. */
const SAFE_MS = 5 * 60_000;

/** The bytes as text, or undefined when they are not UTF-8. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** The event_id of a replayed tap, which is the same in every replay, so that the tap counts once. */
const eventIdOf = ({ topic, partition, offset }: Place): string => `dlq-${topic}-${partition}-${offset}`;

interface Options {
  shortCodes: readonly string[];
  /** Also records that do not match the platform's schema. */
  force: boolean;
}

/**
 * The record that puts a dead letter back into its topic. An update is unchanged and goes to the same partition,
 * because counts are cumulative. A tap goes to the partition of its user with an `event_id`, so that it is counted
 * once.
 */
export function toOutgoing(letter: DeadLetter, { shortCodes, force }: Options): Restored {
  const { topic, partition } = letter;
  const text = textOf(Buffer.from(letter.value, 'base64'));
  if (text === undefined) return { refused: 'it is not UTF-8, which no function reads' };
  const key = letter.key === undefined ? undefined : textOf(Buffer.from(letter.key, 'base64'));
  const keyed = key === undefined ? {} : { key };
  if (topic === REACTION_TOPIC) {
    const tap = completeTap(parseJson(text), letter);
    const problem = force ? undefined : problemOf(reactionSchemas(shortCodes).reaction, tap);
    if (problem) return { refused: problem };
    const value = isObject(tap) ? JSON.stringify(tap) : text;
    if (Buffer.byteLength(value) > MAX_BYTES) return { refused: 'with an event_id it is too large for the broker' };
    return { topic, record: { value, ...keyOf(tap) } };
  }
  if (topic !== UPDATE_TOPIC && !CLUSTER_TOPIC.test(topic))
    return { refused: `${topic} is not a topic of the platform` };
  const problem = force ? undefined : problemOf(frameRecordSchema, parseJson(text));
  if (problem) return { refused: problem };
  return {
    topic,
    record: { value: text, ...keyed, ...(topic === UPDATE_TOPIC && key !== undefined ? {} : { partition }) },
  };
}

/** The same key as in ingest, so that taps with the same event_id go to the same partition. */
const keyOf = (tap: unknown) => (isObject(tap) && 'user_id' in tap ? { key: String(tap.user_id) } : {});

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A tap written by another program may lack both fields. The original record time is used as received_at. */
const completeTap = (value: unknown, letter: DeadLetter): unknown => {
  if (!isObject(value)) return value;
  const received = new Date(letter.timestamp ?? NaN);
  return {
    event_id: eventIdOf(letter),
    ...(Number.isNaN(received.getTime()) ? {} : { received_at: received.toISOString() }),
    ...value,
  };
};

const problemOf = (schema: z.ZodType, value: unknown): string | undefined => {
  if (value === undefined) return 'not JSON';
  const { error } = schema.safeParse(value);
  return error && reasonOf(error);
};

/** Why an entry must not be put back (again); undefined if it may be. */
export function held(
  { replay, place }: Entry,
  now: number,
  force: boolean,
): { done: string } | { refused: string } | undefined {
  if (!replay) return undefined;
  const when = new Date(replay.at).toISOString();
  if (replay.state === 'done') return { done: `was put back at ${when}` };
  if (place.topic !== REACTION_TOPIC || now - replay.at < SAFE_MS || force) return undefined;
  return {
    refused: `a replay that began at ${when} was interrupted, and whether it was put back is not known: look for event_id ${eventIdOf(place)} in ${place.topic}`,
  };
}

export interface ReplayItem {
  place: Place;
  topic: string;
  record: OutgoingRecord;
}

/** Puts records back between two marks in the dead-letter topic, so that the next replay detects an interruption. */
export async function putBack(records: RecordLog, items: readonly ReplayItem[]): Promise<void> {
  const mark = (replay: ReplayMark['replay']) =>
    records.append(
      DEAD_LETTER_TOPIC,
      items.map(({ place }) => ({ value: JSON.stringify({ replay, of: place } satisfies ReplayMark) })),
    );
  await mark('begun');
  for (const topic of new Set(items.map((item) => item.topic)))
    await records.append(
      topic,
      items.filter((item) => item.topic === topic).map(({ record }) => record),
    );
  await mark('done');
}
