import type { z } from 'zod';
import { DEAD_LETTER_TOPIC, REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { reasonOf } from '../../lib/domain/decode.ts';
import type { DeadLetter, Place, ReplayMark } from '../../lib/usecases/dead-letters.ts';
import { reactionSchemas } from '../../lib/domain/reaction.ts';
import { frameRecordSchema } from '../../lib/domain/frame.ts';
import type { OutgoingRecord, RecordLog } from '../../lib/ports.ts';
import type { Entry } from './dead-letters.ts';

/** What is to be written where, or why it is not. */
export type Restored = { topic: string; record: OutgoingRecord } | { refused: string };

const CLUSTER_TOPIC = /^cluster_\d+_emoji$/;
/** Kafka's 1 MiB, less what it adds. */
const MAX_BYTES = 1_048_000;
/** Well within the 10 minutes for which an event_id is remembered. */
const SAFE_MS = 5 * 60_000;

/** What the text of bytes is, or undefined when they are not UTF-8. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** By this a tap that was put back is known, also when it is put back twice. */
const eventIdOf = ({ topic, partition, offset }: Place): string => `dlq-${topic}-${partition}-${offset}`;

interface Options {
  shortCodes: readonly string[];
  /** Also what the platform's schema does not read. */
  force: boolean;
}

/**
 * How a dead letter goes back to the topic that it comes from: an update as it was and to the same partition, since
 * counts are cumulative; a tap to the partition of its user, with an `event_id`, by which it is counted once.
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
    if (Buffer.byteLength(value) > MAX_BYTES) return { refused: 'with an event_id it is larger than the broker takes' };
    return { topic, record: { value, ...keyOf(tap) } };
  }
  if (topic !== UPDATE_TOPIC && !CLUSTER_TOPIC.test(topic)) return { refused: `${topic} is no topic of the platform` };
  const problem = force ? undefined : problemOf(frameRecordSchema, parseJson(text));
  if (problem) return { refused: problem };
  return {
    topic,
    record: { value: text, ...keyed, ...(topic === UPDATE_TOPIC && key !== undefined ? {} : { partition }) },
  };
}

/** As ingest does, so that a copy meets its original in one partition. */
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

/** A tap of another program's may lack both; the record's own time is when it was received, not that of its replay. */
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

/** Why an entry is not to be put back (again), if there is a reason. */
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

/** Puts records back, between two marks in the dead-letter topic: when this is interrupted, the next replay knows. */
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
