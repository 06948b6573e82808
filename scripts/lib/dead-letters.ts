import { SetupError } from '../../infra/local/errors.ts';
import { DEAD_LETTER_TOPIC } from '../../lib/config/topics.ts';
import {
  type DeadLetter,
  deadLetterTopicSchema,
  type Place,
  type ReplayMark,
} from '../../lib/usecases/dead-letters.ts';
import { recordAt, scan, type StoredRecord } from './scan.ts';
import type { Broker } from './services.ts';

/** A dead letter as the list shows it, without what it holds. */
export interface Entry {
  /** Where it stands in the dead-letter topic: partition@offset. */
  id: string;
  partition: number;
  offset: number;
  /** Where the record stood. */
  place: Place;
  /** ms: when it was set aside. */
  at: number;
  reason: string;
  /** Bytes of its value that are kept. */
  size: number;
  truncated: boolean;
  /** What is known of a replay, and since when (ms). */
  replay?: { state: ReplayMark['replay']; at: number };
}

export interface Filter {
  topic?: string | undefined;
  /** A part of the reason, in any case. */
  reason?: string | undefined;
}

export const placeName = ({ topic, partition, offset }: Place): string => `${topic}-${partition}@${offset}`;
const identity = (place: Place) => `${placeName(place)} ${place.timestamp ?? ''}`;

const parseEntry = ({ value }: StoredRecord) => {
  try {
    return deadLetterTopicSchema.safeParse(JSON.parse(value?.toString() ?? '')).data;
  } catch {
    return undefined; // not ours: whoever wrote it may read it
  }
};

const toEntry = ({ partition, offset, timestamp }: StoredRecord, letter: DeadLetter): Entry => {
  const { topic, partition: from, offset: at, timestamp: time, reason, value, truncated = false } = letter;
  return {
    ...{ id: `${partition}@${offset}`, partition, offset, at: timestamp, reason, truncated },
    place: { topic, partition: from, offset: at, ...(time === undefined ? {} : { timestamp: time }) },
    size: Buffer.byteLength(value, 'base64'),
  };
};

/** Every dead letter, oldest first; a record that was set aside several times (its batch came again) once. */
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

/** Hands over the dead letters of these entries, whole as far as they were kept. */
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

/** The dead letter with the whole value and key; undefined when they were cut and their topic does not keep them. */
export async function restoreWhole(broker: Broker, letter: DeadLetter): Promise<DeadLetter | undefined> {
  if (!letter.truncated) return letter;
  const { topic, partition, offset } = letter;
  const topics = await broker.admin.listTopics();
  const record = topics.includes(topic) ? await recordAt(broker, topic, partition, offset) : undefined;
  const value = record?.value?.toString('base64');
  // What stands there now may be another, in a topic that was made anew.
  if (!record || !value?.startsWith(letter.value)) return undefined;
  const { truncated: _cut, key: _key, ...rest } = letter;
  return { ...rest, value, ...(record.key ? { key: record.key.toString('base64') } : {}) };
}

async function assertTopic({ admin }: Broker): Promise<void> {
  if ((await admin.listTopics()).includes(DEAD_LETTER_TOPIC)) return;
  throw new SetupError(`There is no topic ${DEAD_LETTER_TOPIC} yet: "npm run topics -- create" creates it.`);
}
