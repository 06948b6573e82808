import { describe, expect, test } from '@jest/globals';
import { missingFields, reactionSchemas } from './reaction.ts';

const { tap, batch } = reactionSchemas([]);
const good = { user_id: 'u', emoji_type: '🔥', timestamp: '2026-05-01T20:45:00.123Z' };

test('room_id defaults to global and count to 1', () => {
  expect(tap.parse(good)).toEqual({ ...good, room_id: 'global', count: 1 });
});

test('a numeric user id is kept as text', () => {
  expect(tap.parse({ ...good, user_id: 17 }).user_id).toBe('17');
});

test('unknown fields are dropped', () => {
  expect(tap.parse({ ...good, isAdmin: true, ['__proto__x']: 1 })).not.toHaveProperty('isAdmin');
});

describe('rejected, with the path of the field', () => {
  test.each([
    ['user_id', ''],
    ['user_id', 'a b'],
    ['user_id', 'x'.repeat(129)],
    ['user_id', 1.5],
    ['emoji_type', 'fire'],
    ['emoji_type', 7],
    ['timestamp', 'yesterday'],
    ['timestamp', '2026-02-30T00:00:00Z'],
    ['timestamp', 1714596300],
    ['room_id', 'a{b}'],
    ['room_id', 'a\u0000b'],
    ['room_id', 'x'.repeat(65)],
    ['event_id', ''],
    ['event_id', 'x'.repeat(65)],
    ['event_id', 'a b'],
    ['count', 0],
    ['count', 101],
    ['count', 1.5],
    ['count', '3'],
  ])('%s = %j', (field, value) => {
    const result = tap.safeParse({ ...good, [field]: value });
    expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});

test('a batch holds 1 to 500 taps', () => {
  expect(batch.safeParse({ events: [] }).success).toBe(false);
  expect(batch.safeParse({ events: Array(501).fill(good) }).success).toBe(false);
  expect(batch.parse({ events: Array(500).fill(good) }).events).toHaveLength(500);
});

test('missingFields treats null as absent', () => {
  expect(missingFields({ user_id: 'u', emoji_type: null })).toEqual(['emoji_type', 'timestamp']);
  expect(missingFields(null)).toEqual(['user_id', 'emoji_type', 'timestamp']);
  expect(missingFields(good)).toEqual([]);
});
