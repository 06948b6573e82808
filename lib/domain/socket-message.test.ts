import { describe, expect, test } from '@jest/globals';
import { clientMessageSchema, serverMessageSchema } from './socket-message.ts';
import { toFrames } from './frame.ts';

describe('messages of clients', () => {
  test.each([
    { type: 'room', room_id: 'final' },
    { type: 'ping' },
    { type: 'tap', id: 7, user_id: 'u1', emoji_type: '🔥', timestamp: '2026-05-01T20:45:00Z', count: 3 },
    { type: 'tap', events: [] },
  ])('%j is a message, with all its fields', (message) => {
    expect(clientMessageSchema.parse(message)).toEqual(message);
  });

  test.each([
    [{ type: 'room' }, 'room_id'],
    [{ type: 'room', room_id: 'two words' }, 'room_id'],
    [{ type: 'rooms', room_id: 'final' }, 'type'],
    [{ type: 'tap', id: 'x'.repeat(65) }, 'id'],
    [{ type: 'tap', id: {} }, 'id'],
    [{}, 'type'],
  ])('%j is refused, naming the field', (message, field) => {
    const { error } = clientMessageSchema.safeParse(message);
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
    expect(error?.issues[0]?.message).toMatch(/^must /);
  });
});

test('messages of the platform are told apart by their type', () => {
  const room = { room: 'final', windows: [], totals: new Map([['🔥', 7]]), late: 0 };
  for (const message of [
    ...toFrames(room, { windowMs: 2000, ratio: 1000 }, 0),
    { type: 'ack', id: 7, status: 200 },
    { type: 'ack', status: 429, error: 'Too many taps', details: [{ path: 'user_id', message: 'm' }], retry_after: 2 },
    { type: 'pong', room_id: 'final' },
    { type: 'error', of: 'room', status: 403, error: 'The token does not allow this' },
  ])
    expect(serverMessageSchema.parse(message)).toEqual(message);
});

test('a frame of a window with 50 emojis has at most 2 KB', () => {
  const emojis = Array.from({ length: 50 }, (_, n) => String.fromCodePoint(0x1f600 + n));
  const counts = new Map(emojis.map((emoji) => [emoji, 999]));
  const totals = new Map(emojis.map((emoji) => [emoji, 123_456]));
  const windows = [{ start: 1_777_668_300_000, counts, final: false }];
  const [frame] = toFrames({ room: 'final', windows, totals, late: 0 }, { windowMs: 2000, ratio: 1000 }, 0);
  expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThanOrEqual(2048);
});
