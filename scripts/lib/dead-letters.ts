import { SetupError } from '../../infra/local/errors.ts';
import { DEAD_LETTER_TOPIC } from '../../lib/config/topics.ts';
import type { StreamRecord } from '../../lib/domain/stream.ts';
import {
  type DeadLetter,
  deadLetterTopicSchema,
  type Place,
  type ReplayMark,
} from '../../lib/usecases/dead-letters.ts';
import { recordAt, scan } from './scan.ts';
import type { Broker } from './services.ts';

/** A dead letter in the list, without its content. */
export interface Entry {
  /** Its position in the dead-letter topic: partition@offset. */
  id: string;
  partition: number;
  offset: number;
  /** The original position of the record. */
  place: Place;
  /** When it was written to the dead-letter topic (ms). */
  at: number;
  reason: string;
  /** Number of stored bytes of its value. */
  size: number;
  truncated: boolean;
  /** State of a replay, and since when (ms). */
  replay?: { state: ReplayMark['replay']; at: number };
}

export interface Filter {
  topic?: string | undefined;
  /** A part of the reason, case-insensitive. */
  reason?: string | undefined;
}

export const placeName = ({ topic, partition, offset }: Place): string => `${topic}-${partition}@${offset}`;
const identity = (place: Place) => `${placeName(place)} ${place.timestamp ?? ''}`;

const parseEntry = ({ value }: StreamRecord) => {
  try {
    return deadLetterTopicSchema.safeParse(JSON.parse(Buffer.from(value ?? []).toString())).data;
  } catch {
    return undefined; // written by another program
  }
};

const toEntry = ({ partition, offset, timestamp }: StreamRecord, letter: DeadLetter): Entry => {
  const { topic, partition: from, offset: at, timestamp: time, reason, value, truncated = false } = letter;
  return {
    ...{ id: `${partition}@${offset}`, partition, offset, at: timestamp, reason, truncated },
    place: { topic, partition: from, offset: at, ...(time === undefined ? {} : { timestamp: time }) },
    size: Buffer.byteLength(value, 'base64'),
  };
};

/**
 * All dead letters, oldest first. A record that was set aside repeatedly, because its batch was redelivered, is one.
 */
export async function listDeadLetters(broker: Broker): Promise<Entry[]> {
  await assertTopic(broker);
  const entries = new Map<string, Entry>();
  const replays = new Map<string, NonNullable<Entry['replay']>>();
  await scan(broker, DEAD_LETTER_TOPIC, (record) => {
    const found = parseEntry(record);
    if (!found) return;
    if ('replay' in found) {
      const known = replays.get(identity(found.of));
      if (known?.state !== 'done') replays.set(identity(found.of), { state: found.replay, at: record.timestamp });
    } else if (!entries.has(identity(found))) entries.set(identity(found), toEntry(record, found));
  });
  return [...entries].map(([key, entry]) => {
    const replay = replays.get(key);
    return replay ? { ...entry, replay } : entry;
  });
}

export const matches =
  ({ topic, reason }: Filter) =>
  (entry: Entry): boolean =>
    (topic === undefined || entry.place.topic === topic) &&
    (reason === undefined || entry.reason.toLowerCase().includes(reason.toLowerCase()));

/** Reads the dead letters of these entries. */
export async function readDeadLetters(
  broker: Broker,
  entries: readonly Entry[],
  each: (entry: Entry, letter: DeadLetter) => Promise<void>,
): Promise<void> {
  const wanted = new Map(entries.map((entry) => [entry.id, entry]));
  const from = new Map<number, number>();
  for (const { partition, offset } of entries) from.set(partition, Math.min(offset, from.get(partition) ?? Infinity));
  await scan(
    broker,
    DEAD_LETTER_TOPIC,
    async (record) => {
      const entry = wanted.get(`${record.partition}@${record.offset}`);
      const letter = entry && parseEntry(record);
      if (!entry || !letter || 'replay' in letter) return true;
      wanted.delete(entry.id);
      await each(entry, letter);
      return wanted.size > 0;
    },
    from,
  );
}

/** The dead letter with its complete value and key; undefined when it was truncated and its topic no longer has it. */
export async function restoreWhole(broker: Broker, letter: DeadLetter): Promise<DeadLetter | undefined> {
  if (!letter.truncated) return letter;
  const { topic, partition, offset } = letter;
  const record = (await exists(broker, topic)) ? await recordAt(broker, topic, partition, offset) : undefined;
  const value = record?.value && base64(record.value);
  // A recreated topic may have another record at this offset.
  if (!record || !value?.startsWith(letter.value)) return undefined;
  const { truncated: _cut, key: _key, ...rest } = letter;
  return { ...rest, value, ...(record.key ? { key: base64(record.key) } : {}) };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

const exists = async ({ admin }: Broker, topic: string): Promise<boolean> =>
  (await admin.ask((asked) => asked.listTopics())).includes(topic);

async function assertTopic(broker: Broker): Promise<void> {
  if (await exists(broker, DEAD_LETTER_TOPIC)) return;
  throw new SetupError(`There is no topic ${DEAD_LETTER_TOPIC} yet: "npm run topics -- create" creates it.`);
}
