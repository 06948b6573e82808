import type { SentTap } from '../e2e/crowd.ts';
import type { live } from '../e2e/live.ts';
import type { UpdateLine } from '../../lib/domain/update-line.ts';
import type { StoredRoom } from './stored.ts';
import { tapOf, totalsOf, type Counts, type TopicRecord } from './topic-counts.ts';

/** A count that differs from the topic. */
export interface Difference {
  where: 'topic' | 'Redis' | 'totals in Redis' | 'GET /live' | 'client';
  room: string;
  /** Start of the window and emoji, `late`, the emoji of a total, the identity of a tap, or a client's id. */
  what: string;
  expected: number;
  found: number;
}

/** The results of taps. */
export interface Sums {
  taps: number;
  /** Answered 200. */
  answered: number;
  /** Answered with an error, or not at all. */
  failed: number;
  /** Those of `failed` that are in the topic, and so are counted. */
  failedCounted: number;
  /** Answered 200 and not in the topic, or in the topic and not counted in Redis. */
  lost: number;
  /** In the topic twice without an `event_id`, or counted in Redis more often than in the topic. */
  doubled: number;
  /** Counts of a client, of `GET /live` or of the totals that differ from the topic. */
  mismatches: number;
}

export const NOTHING: Sums = {
  taps: 0,
  answered: 0,
  failed: 0,
  failedCounted: 0,
  lost: 0,
  doubled: 0,
  mismatches: 0,
};

export const add = (a: Sums, b: Sums): Sums => ({
  taps: a.taps + b.taps,
  answered: a.answered + b.answered,
  failed: a.failed + b.failed,
  failedCounted: a.failedCounted + b.failedCounted,
  lost: a.lost + b.lost,
  doubled: a.doubled + b.doubled,
  mismatches: a.mismatches + b.mismatches,
});

/** All data of a room that is compared. */
export interface RoomEvidence {
  room: string;
  sent: readonly SentTap[];
  /** How often each tap is in the topic, see `identitiesIn`. */
  inTopic: ReadonlyMap<string, number>;
  topicCounts: Counts;
  stored: StoredRoom;
  live: Awaited<ReturnType<typeof live>>;
  /** The lines that each client of the room received. */
  viewers: readonly (readonly UpdateLine[])[];
}

const identity = (room: string, user: string, time: string, emoji: string) => `${room} ${user} ${time} ${emoji}`;

/** How often each tap is in the topic, by identity: a tap whose fields were changed has another identity. */
export const identitiesIn = (records: readonly TopicRecord[]): Map<string, number> => {
  const found = new Map<string, number>();
  for (const record of records) {
    const tap = tapOf(record);
    if (!tap) continue;
    const name = identity(tap.room_id, tap.user_id, tap.timestamp, tap.emoji_type);
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  return found;
};
const identityOf = ({ room, user_id, timestamp, emoji }: SentTap) => identity(room, user_id, timestamp, emoji);

/** How many windows (the newest) GET /live shows. */
const LIVE_WINDOWS = 10;

const startOf = (key: string) => Number(key.split(' ')[0]);

/** What `GET /live` shows of a room, in the form of `Counts`. */
const shownOf = ({ windows, late }: RoomEvidence['live']): Counts =>
  new Map([
    ...windows.flatMap(({ start, counts }) =>
      counts.map(({ emoji_type, raw_count }) => [`${Date.parse(start)} ${emoji_type}`, raw_count] as const),
    ),
    ...(late > 0 ? [['late', late] as const] : []),
  ]);

const newestOf = (topicCounts: Counts): Counts => {
  const starts = [...topicCounts.keys()].filter((key) => key !== 'late').map(startOf);
  const newest = new Set([...new Set(starts)].sort((a, b) => b - a).slice(0, LIVE_WINDOWS));
  return new Map([...topicCounts].filter(([key]) => key === 'late' || newest.has(startOf(key))));
};

/** The largest count of each window and emoji that a client received, and the largest total. */
const largestIn = (lines: readonly UpdateLine[]): { counts: Counts; totals: Counts } => {
  const [counts, totals] = [new Map<string, number>(), new Map<string, number>()];
  for (const { start, emoji_type, raw_count, total_count } of lines) {
    const key = `${Date.parse(start)} ${emoji_type}`;
    counts.set(key, Math.max(raw_count, counts.get(key) ?? 0));
    totals.set(emoji_type, Math.max(total_count, totals.get(emoji_type) ?? 0));
  }
  return { counts, totals };
};

const withoutLate = (counts: Counts): Counts => new Map([...counts].filter(([key]) => key !== 'late'));

/**
 * Compares a room with the topic: every count in Redis, in the answer of GET /live, and in the updates of each client.
 */
export const compareRoom = (evidence: RoomEvidence): { sums: Sums; differences: Difference[] } => {
  const { room, sent, inTopic, topicCounts, stored, live, viewers } = evidence;
  const differences: Difference[] = [];
  const compare = (where: Difference['where'], expected: Counts, found: Counts) => {
    for (const key of new Set([...expected.keys(), ...found.keys()])) {
      const difference = { where, room, what: key, expected: expected.get(key) ?? 0, found: found.get(key) ?? 0 };
      if (difference.expected !== difference.found) differences.push(difference);
    }
  };
  const times = (tap: SentTap) => inTopic.get(identityOf(tap)) ?? 0;
  for (const tap of sent) {
    const found = times(tap);
    const isDoubled = tap.event_id === undefined && found > 1; // copies with the same id count once
    if ((tap.status === 200 && found === 0) || isDoubled)
      differences.push({ where: 'topic', room, what: identityOf(tap), expected: 1, found });
  }
  compare('Redis', topicCounts, stored.counts);
  const totals = totalsOf(topicCounts);
  compare('totals in Redis', totals, stored.totals);
  compare('GET /live', newestOf(topicCounts), shownOf(live));
  compare('GET /live', totals, new Map(live.totals.map(({ emoji_type, raw_count }) => [emoji_type, raw_count])));
  for (const lines of viewers) {
    const largest = largestIn(lines);
    compare('client', withoutLate(topicCounts), largest.counts);
    compare('client', totals, largest.totals);
  }
  const failed = sent.filter(({ status }) => status !== 200);
  const counts = differences.filter(({ where }) => where === 'topic' || where === 'Redis');
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    sums: {
      taps: sent.length,
      answered: sent.length - failed.length,
      failed: failed.length,
      failedCounted: failed.filter((tap) => times(tap) > 0).length,
      lost: sum(counts.map(({ expected, found }) => Math.max(0, expected - found))),
      doubled: sum(counts.map(({ expected, found }) => Math.max(0, found - expected))),
      mismatches: differences.length - counts.length,
    },
    differences,
  };
};
