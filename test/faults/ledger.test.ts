import { expect, test } from '@jest/globals';
import type { SentTap } from '../e2e/crowd.ts';
import { compareRoom, identitiesIn, type RoomEvidence } from './ledger.ts';
import { fold, totalsOf, type TopicRecord } from './truth.ts';

const T = Date.parse('2026-05-01T20:45:00Z');

const taps = (count: number, status: number | undefined, { at = T, from = 0, id = true } = {}): SentTap[] =>
  Array.from({ length: count }, (_, n) => ({
    user_id: `u${from + n}`,
    event_id: id ? `${from + n}` : undefined,
    room: 'r',
    emoji: '🔥',
    at,
    status,
    latencyMs: 1,
  }));
const recordsOf = (sent: readonly SentTap[]): TopicRecord[] =>
  sent.map(({ user_id, event_id, room, emoji, at }, offset) => {
    const timestamp = new Date(at).toISOString();
    const fields = { user_id, event_id, room_id: room, emoji_type: emoji, timestamp, received_at: timestamp, count: 1 };
    return { partition: 0, offset, timestamp: at, value: JSON.stringify(fields) };
  });

/** A platform that has counted and told exactly what the topic holds. */
const exact = (sent: readonly SentTap[], records = recordsOf(sent)): RoomEvidence => {
  const truth = fold(records).get('r') ?? new Map<string, number>();
  const totals = totalsOf(truth);
  const windows = [...truth].map(([key, raw_count]) => ({ start: Number(key.split(' ')[0]), raw_count }));
  return {
    ...{ room: 'r', sent, inTopic: identitiesIn(records), truth, stored: { counts: truth, totals } },
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

test('what agrees with the topic everywhere has no difference, in more windows than GET /live shows, too', () => {
  const sent = Array.from({ length: 12 }, (_, n) => taps(2, 200, { at: T + n * 2000, from: 2 * n })).flat();
  expect(compareRoom(exact(sent))).toEqual({
    sums: { taps: 24, answered: 24, failed: 0, failedCounted: 0, ...right },
    differences: [],
  });
});

test('a tap without an answer 200 is counted if it is in the topic, and only then', () => {
  const [answered, failed] = [taps(3, 200), taps(4, 503, { from: 3 })];
  const sent = [...answered, ...failed];
  expect(compareRoom(exact(sent)).sums).toMatchObject({ answered: 3, failed: 4, failedCounted: 4, ...right });
  const records = recordsOf([...answered, ...failed.slice(0, 1)]);
  expect(compareRoom(exact(sent, records)).sums).toMatchObject({ failedCounted: 1, ...right });
});

test('failed and late taps hide no loss', () => {
  const evidence = exact([...taps(3, 200), ...taps(3, 503, { from: 3 })]);
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

test('a tap answered 200 that is not in the topic is lost, and so is one that was altered', () => {
  const sent = taps(3, 200);
  expect(compareRoom(exact(sent, recordsOf(sent.slice(1)))).sums).toMatchObject({ lost: 1, doubled: 0 });
  const altered = recordsOf([{ ...sent[0], at: T + 1 } as SentTap, ...sent.slice(1)]);
  expect(compareRoom(exact(sent, altered))).toMatchObject({
    sums: { lost: 1 },
    differences: [{ where: 'topic', what: 'r u0 2026-05-01T20:45:00.000Z 🔥', expected: 1, found: 0 }],
  });
});

test('a tap that is in the topic twice is doubled, unless an event_id tells that it is the same', () => {
  for (const id of [true, false]) {
    const sent = taps(2, 200, { id });
    const evidence = exact(sent, recordsOf([...sent, ...sent.slice(0, 1)]));
    expect(compareRoom(evidence).sums).toMatchObject({ lost: 0, doubled: id ? 0 : 1 });
  }
});

test('a window in Redis that nobody tapped in is doubled', () => {
  const evidence = exact(taps(2, 200));
  const counts = new Map([...evidence.truth, [`${T - 2000} 🔥`, 3]]);
  expect(compareRoom({ ...evidence, stored: { ...evidence.stored, counts } }).sums).toMatchObject({ doubled: 3 });
});

test('totals, GET /live and clients that say something else are mismatches', () => {
  const evidence = exact(taps(2, 200));
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
