import { expect, test } from '@jest/globals';
import type { SentTap } from '../e2e/crowd.ts';
import { compareRoom, identitiesIn, type RoomEvidence } from './ledger.ts';
import { countTopic, totalsOf, type TopicRecord } from './topic-counts.ts';

const T = Date.parse('2026-05-01T20:45:00Z');

const taps = (count: number, status: number | undefined, { at = T, from = 0, id = true } = {}): SentTap[] =>
  Array.from({ length: count }, (_, n) => ({
    user_id: `u${from + n}`,
    event_id: id ? `${from + n}` : undefined,
    room: 'r',
    emoji: '🔥',
    timestamp: new Date(at).toISOString(),
    status,
    latencyMs: 1,
  }));
const recordsOf = (sent: readonly SentTap[]): TopicRecord[] =>
  sent.map(({ user_id, event_id, room, emoji, timestamp }, offset) => {
    const fields = { user_id, event_id, room_id: room, emoji_type: emoji, timestamp, received_at: timestamp, count: 1 };
    return { partition: 0, offset, timestamp: Date.parse(timestamp), value: JSON.stringify(fields) };
  });

/** The evidence of a platform that counted and delivered exactly the taps of the topic. */
const exactEvidence = (sent: readonly SentTap[], records = recordsOf(sent)): RoomEvidence => {
  const topicCounts = countTopic(records).get('r') ?? new Map<string, number>();
  const totals = totalsOf(topicCounts);
  const windows = [...topicCounts].map(([key, raw_count]) => ({ start: Number(key.split(' ')[0]), raw_count }));
  return {
    ...{ room: 'r', sent, inTopic: identitiesIn(records), topicCounts, stored: { counts: topicCounts, totals } },
    live: {
      room_id: 'r',
      windows: windows.slice(-10).map(({ start, raw_count }) => ({
        ...{ start: new Date(start).toISOString(), final: false },
        counts: [{ emoji_type: '🔥', raw_count }],
      })),
      totals: [...totals].map(([emoji_type, raw_count]) => ({ emoji_type, raw_count })),
      late: 0,
    },
    viewers: [
      windows.map(({ start, raw_count }) => ({
        ...{ room_id: 'r', start: new Date(start).toISOString(), end: new Date(start + 2000).toISOString() },
        ...{ emoji_type: '🔥', raw_count, scaled_count: 1, aggregation_ratio: 1000, window_ms: 2000 },
        total_count: totals.get('🔥') ?? 0,
      })),
    ],
  };
};
const right = { lost: 0, doubled: 0, mismatches: 0 };
const one = `${T} 🔥`;

test('equal counts everywhere are no difference, also with more windows than GET /live shows', () => {
  const sent = Array.from({ length: 12 }, (_, n) => taps(2, 200, { at: T + n * 2000, from: 2 * n })).flat();
  expect(compareRoom(exactEvidence(sent))).toEqual({
    sums: { taps: 24, answered: 24, failed: 0, failedCounted: 0, ...right },
    differences: [],
  });
});

test('a tap that was not answered 200 is counted exactly if it is in the topic', () => {
  const [answered, failed] = [taps(3, 200), taps(4, 503, { from: 3 })];
  const sent = [...answered, ...failed];
  expect(compareRoom(exactEvidence(sent)).sums).toMatchObject({ answered: 3, failed: 4, failedCounted: 4, ...right });
  const records = recordsOf([...answered, ...failed.slice(0, 1)]);
  expect(compareRoom(exactEvidence(sent, records)).sums).toMatchObject({ failedCounted: 1, ...right });
});

test('failed and late taps do not hide a loss', () => {
  const evidence = exactEvidence([...taps(3, 200), ...taps(3, 503, { from: 3 })]);
  const stored = {
    counts: new Map([
      [one, 5],
      ['late', 1],
    ]),
    totals: evidence.stored.totals,
  };
  expect(compareRoom({ ...evidence, stored })).toMatchObject({
    sums: { lost: 1, doubled: 1 },
    differences: [
      { where: 'Redis', room: 'r', what: one, expected: 6, found: 5 },
      { where: 'Redis', room: 'r', what: 'late', expected: 0, found: 1 },
    ],
  });
});

test('a tap answered 200 is lost if the topic lacks it or has it with another timestamp', () => {
  const sent = taps(3, 200);
  expect(compareRoom(exactEvidence(sent, recordsOf(sent.slice(1)))).sums).toMatchObject({ lost: 1, doubled: 0 });
  const altered = recordsOf([{ ...sent[0], timestamp: new Date(T + 1).toISOString() } as SentTap, ...sent.slice(1)]);
  expect(compareRoom(exactEvidence(sent, altered))).toMatchObject({
    sums: { lost: 1 },
    differences: [{ where: 'topic', what: 'r u0 2026-05-01T20:45:00.000Z 🔥', expected: 1, found: 0 }],
  });
});

test('a tap that is in the topic twice is doubled, unless both records have the same event_id', () => {
  for (const id of [true, false]) {
    const sent = taps(2, 200, { id });
    const evidence = exactEvidence(sent, recordsOf([...sent, ...sent.slice(0, 1)]));
    expect(compareRoom(evidence).sums).toMatchObject({ lost: 0, doubled: id ? 0 : 1 });
  }
});

test('taps of a window in Redis that the topic lacks are doubled', () => {
  const evidence = exactEvidence(taps(2, 200));
  const counts = new Map([...evidence.topicCounts, [`${T - 2000} 🔥`, 3]]);
  expect(compareRoom({ ...evidence, stored: { ...evidence.stored, counts } }).sums).toMatchObject({ doubled: 3 });
});

test('totals, GET /live and client updates that differ from the topic are mismatches', () => {
  const evidence = exactEvidence(taps(2, 200));
  const wrong = new Map([['🔥', 3]]);
  expect(compareRoom({ ...evidence, stored: { ...evidence.stored, totals: wrong } }).sums).toMatchObject({
    mismatches: 1,
  });
  expect(compareRoom({ ...evidence, live: { ...evidence.live, windows: [] } }).sums).toMatchObject({ mismatches: 1 });
  expect(compareRoom({ ...evidence, live: { ...evidence.live, totals: [] } }).sums).toMatchObject({ mismatches: 1 });
  const [lines = []] = evidence.viewers;
  expect(compareRoom({ ...evidence, viewers: [lines, []] })).toMatchObject({
    sums: { lost: 0, mismatches: 2 },
    differences: [
      { where: 'client', what: one, expected: 2, found: 0 },
      { where: 'client', what: '🔥', expected: 2, found: 0 },
    ],
  });
});
