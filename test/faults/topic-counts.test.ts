import { expect, test } from '@jest/globals';
import { countTopic, totalsOf, type TopicRecord } from './topic-counts.ts';

const T = Date.parse('2026-05-01T20:45:00.000Z');
const at = (ms: number) => new Date(T + ms).toISOString();
const MINUTE = 60_000;

interface Options {
  partition?: number;
  /** ms after T at which the broker appended it */
  appended?: number;
}
const record = (offset: number, fields: Record<string, unknown>, { partition = 0, appended = 0 }: Options = {}) => ({
  partition,
  offset,
  timestamp: T + appended,
  value: JSON.stringify({
    ...{ user_id: 'u', emoji_type: '🔥', timestamp: at(0), received_at: at(0), room_id: 'r', count: 1 },
    ...fields,
  }),
});
const counted = (...records: TopicRecord[]) => Object.fromEntries(countTopic(records).get('r') ?? []);

test('taps are counted in the window of their timestamp, a merged tap with its count', () => {
  const taps = [record(0, {}), record(1, { timestamp: at(1999), received_at: at(2500), count: 5 })];
  expect(counted(...taps, record(2, { timestamp: at(2000), received_at: at(2500) }))).toEqual({
    [`${T} 🔥`]: 6,
    [`${T + 2000} 🔥`]: 1,
  });
});

test('a tap with a timestamp in the future is counted in the window of its arrival', () => {
  expect(counted(record(0, { timestamp: at(MINUTE), received_at: at(100) }))).toEqual({ [`${T} 🔥`]: 1 });
});

test('a tap is late if it arrived more than 10 s after its timestamp; the append time does not matter', () => {
  const arrived = (ms: number) => record(ms, { received_at: at(ms) }, { appended: 60 * MINUTE });
  expect(counted(arrived(10_000), arrived(10_001))).toEqual({ [`${T} 🔥`]: 1, late: 1 });
});

test('a record that is read twice counts once, in any order of the records', () => {
  const [first, second] = [record(0, {}), record(1, {})];
  expect(counted(second, first, second)).toEqual({ [`${T} 🔥`]: 2 });
});

test('an event_id counts once within 10 minutes of append time, and again after 20 minutes', () => {
  const copy = (offset: number, minutes: number) => record(offset, { event_id: 'e' }, { appended: minutes * MINUTE });
  expect(counted(copy(0, 0), copy(1, 9))).toEqual({ [`${T} 🔥`]: 1 });
  expect(counted(copy(0, 0), copy(1, 20))).toEqual({ [`${T} 🔥`]: 2 });
  expect(() => counted(copy(0, 0), copy(1, 15))).toThrow('not specified');
});

test('the append time of a partition never goes back, even if the broker’s clock does', () => {
  const copy = (offset: number, minutes: number) => record(offset, { event_id: 'e' }, { appended: minutes * MINUTE });
  expect(counted(record(0, {}, { appended: 30 * MINUTE }), copy(1, 0), copy(2, 35))).toEqual({ [`${T} 🔥`]: 2 });
});

test('the same event_id counts again for another user, in another room and in another partition', () => {
  const rooms = countTopic([
    record(0, { event_id: 'e' }),
    record(1, { event_id: 'e', user_id: 'v' }),
    record(2, { event_id: 'e', room_id: 's' }),
    record(0, { event_id: 'e' }, { partition: 1 }),
  ]);
  expect([...rooms].map(([room, counts]) => [room, [...counts.values()]])).toEqual([
    ['r', [3]],
    ['s', [1]],
  ]);
});

test('malformed records are not counted and do not stop the counting', () => {
  const malformed = ['', 'null', '[]', '{', '{"user_id":"u"}'].map((value, offset) => ({
    ...record(offset, {}),
    value,
  }));
  expect(counted(...malformed, record(9, {}))).toEqual({ [`${T} 🔥`]: 1 });
});

test('the totals are the sums over all windows, without late taps', () => {
  const counts = new Map([
    [`${T} 🔥`, 2],
    [`${T + 2000} 🔥`, 1],
    [`${T} 👏`, 4],
    ['late', 7],
  ]);
  expect(Object.fromEntries(totalsOf(counts))).toEqual({ '🔥': 3, '👏': 4 });
});
