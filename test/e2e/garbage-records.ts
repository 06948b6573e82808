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
const update = () => ({
  room_id: 'records',
  start: '2026-05-01T20:45:00.000Z',
  end: '2026-05-01T20:45:02.000Z',
  emoji_type: '🔥',
  raw_count: 1_000_000,
  scaled_count: 1000,
  aggregation_ratio: 1000,
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
  update: [
    { room_id: '{}' },
    { start: '+010000-01-01T00:00:00Z' },
    { raw_count: -1 },
    { raw_count: 1e300 },
    { final: false },
  ],
};

/** Records that are no taps (or no updates), a list a request: none is larger than a broker takes. */
export const garbageRecords = (topic: string): Message[][] => {
  const [right, wrong] = topic === REACTION_TOPIC ? [tap, WRONG.tap] : [update, WRONG.update];
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
