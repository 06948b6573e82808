import { setTimeout as sleep } from 'node:timers/promises';
import type { SentTap } from '../e2e/crowd.ts';
import { live } from '../e2e/live.ts';
import type { Viewer } from '../e2e/viewer.ts';
import { add, compareRoom, identitiesIn, NOTHING, type Difference, type Sums } from './ledger.ts';
import type { FaultPlatform } from './platform.ts';
import { storedRoom } from './stored.ts';
import { topicReader, type Ends } from './topic.ts';
import { countTopic, type Counts, type TopicRecord } from './topic-counts.ts';

export interface Findings {
  sums: Sums;
  differences: Difference[];
}

/** The taps that were sent, by room. */
export type Sent = ReadonlyMap<string, readonly SentTap[]>;

const EMPTY: Counts = new Map();

const isSame = (a: Ends, b: Ends) => a.size === b.size && [...a].every(([partition, end]) => b.get(partition) === end);

/**
 * Returns a function that compares rooms with the topic. The topic is read again only when it has new records.
 * @param from where the topic ended before the first tap of these rooms
 */
export const comparison = (platform: FaultPlatform, from: Ends) => {
  const reader = topicReader(platform.kafkaBrokers);
  let known: { ends: Ends; records: TopicRecord[] } | undefined;
  return async (sent: Sent, viewersOf: (room: string) => readonly Viewer[] = () => []): Promise<Findings> => {
    const ends = await reader.ends();
    if (!known || !isSame(known.ends, ends)) known = { ends, records: await reader.read(from) };
    const countsByRoom = countTopic(known.records);
    const inTopic = identitiesIn(known.records);
    const found: Findings = { sums: NOTHING, differences: [] };
    for (const [room, taps] of sent) {
      const { sums, differences } = compareRoom({
        ...{ room, inTopic, sent: taps, topicCounts: countsByRoom.get(room) ?? EMPTY },
        stored: await storedRoom(platform.redis, room),
        live: await live(platform.url, room),
        viewers: viewersOf(room).map(({ lines }) => lines),
      });
      found.sums = add(found.sums, sums);
      found.differences.push(...differences);
    }
    return found;
  };
};

const COMPARE_EVERY_MS = 200;

/** Compares again until there is no difference, or until the timeout: then it returns the last findings. */
export const untilEqual = async (compare: () => Promise<Findings>, timeoutMs: number): Promise<Findings> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    // A service that is still recovering may answer with an error.
    const found = await compare().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found && (found.differences.length === 0 || Date.now() > deadline)) return found;
    await sleep(COMPARE_EVERY_MS);
  }
};
