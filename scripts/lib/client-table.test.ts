import { expect, test } from '@jest/globals';
import { ClientTable } from './client-table.ts';

const iso = (seconds: number) => new Date(Date.UTC(2026, 4, 1, 20, 45, seconds)).toISOString();
const update = (seconds: number, emoji_type: string, raw_count: number) => ({
  start: iso(seconds),
  end: iso(seconds + 2),
  emoji_type,
  raw_count,
});
const bars = (text: string) => text.split('\n').map((line) => line.split('█').length - 1);

test('shows the window’s count, the total and a bar for each emoji, the largest total first', () => {
  const table = new ClientTable('final');
  table.add(update(0, '❤️', 10));
  table.add(update(0, '🔥', 1234));
  const lines = table.render(new Map([['❤️', 10], ['🔥', 2000]])).split('\n'); // prettier-ignore
  expect(lines[0]).toMatch(/^final {3}window \d\d:\d\d:00 to \d\d:\d\d:02: 1,244 {3}total: 2,010$/);
  expect(lines.at(-2)).toMatch(/^🔥 +1,234 +2,000 +█{24} *$/);
  expect(lines.at(-1)).toMatch(/^❤️ +10 +10 *$/);
});

test('a newer window begins at 0; an update of an older window changes only the totals', () => {
  const table = new ClientTable('r');
  table.add(update(0, '🔥', 8));
  table.add(update(2, '❤️', 4));
  table.add(update(0, '🔥', 9));
  table.add(update(2, '❤️', 3));
  const lines = table.render(new Map([['🔥', 9], ['❤️', 4]])).split('\n'); // prettier-ignore
  expect(lines.at(-2)).toMatch(/^🔥 +0 +9 *$/);
  expect(lines.at(-1)).toMatch(/^❤️ +4 +4 +█+ *$/);
});

test('fits the terminal: no line is wider, and the block is no higher', () => {
  const table = new ClientTable('r');
  const totals = new Map(Array.from({ length: 40 }, (_, n) => [`shortcode-${n}`, n] as const));
  for (const [emoji, n] of totals) table.add(update(0, emoji, n));
  const text = table.render(totals, { width: 60, height: 12 });
  expect(text.split('\n').length).toBeLessThan(12);
  expect(text).toContain('and 34 more');
  expect(Math.max(...bars(text))).toBeLessThanOrEqual(12);
});

test('before the first update, the table shows a placeholder', () => {
  expect(new ClientTable('r').render(new Map())).toBe('r: nothing yet');
});
