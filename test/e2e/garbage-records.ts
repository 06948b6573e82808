import { randomBytes } from 'node:crypto';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';

interface Message {
  key?: string | Buffer;
  value: string | Buffer | null;
}

const now = () => new Date().toISOString();
const tap = () => ({
  user_id: 'u',
  emoji_type: '🔥',
  timestamp: now(),
  received_at: now(),
  room_id: 'records',
  count: 1,
});
const frame = () => ({
  v: 1,
  type: 'counts',
  room_id: 'records',
  window_ms: 2000,
  aggregation_ratio: 1000,
  windows: [{ start: '2026-05-01T20:45:00.000Z', counts: { '🔥': 1_000_000 } }],
  totals: { '🔥': 1_000_000 },
  at: '2026-05-01T20:45:01.000Z',
});
const WRONG: Record<string, unknown[]> = {
  tap: [
    { user_id: {} },
    { emoji_type: '🔥🔥' },
    { timestamp: 'soon' },
    { room_id: 'a\0' },
    { count: 1e9 },
    { count: '1' },
  ],
  frame: [
    { v: 2 },
    { type: 'count' },
    { room_id: '{}' },
    { window_ms: 1e12 },
    { windows: [{ start: '+010000-01-01T00:00:00Z', counts: {} }] },
    { windows: [{ start: '2026-05-01T20:45:00.000Z', counts: { '🔥': -1 } }] },
    { windows: [{ start: '2026-05-01T20:45:00.000Z', counts: {}, final: false }] },
    { totals: { '🔥': 1e300 } },
    { at: 'now' },
  ],
};

/** Records that are not taps (or frames), in one list per request. None exceeds the broker's maximum size. */
export const garbageRecords = (topic: string): Message[][] => {
  const [right, wrong] = topic === REACTION_TOPIC ? [tap, WRONG.tap] : [frame, WRONG.frame];
  const values = [
    ...Array.from({ length: 20 }, (_, n) => randomBytes(1 + n * 13)),
    ...['', 'null', '1', '"text"', '[]', '{}', '[[[]]]', '{"__proto__":{}}', '{"user_id":', 'NaN', '\ufeff', '\0'],
    ...(wrong ?? []).map((fields) => JSON.stringify({ ...right(), ...(fields as object) })),
    JSON.stringify([right()]),
    '['.repeat(50_000),
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000),
  ];
  const small: Message[] = values.map((value, n) => (n % 3 === 0 ? { value } : { key: randomBytes(8), value }));
  return [
    [...small, { value: null }, { key: 'records', value: null }],
    [{ value: randomBytes(900_000) }],
    [{ value: JSON.stringify({ ...right(), room_id: 'x'.repeat(900_000) }) }],
  ];
};
