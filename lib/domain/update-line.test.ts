import { expect, test } from '@jest/globals';
import { frame } from '../../test/support/frames.ts';
import { toFrames, type Frame } from './frame.ts';
import { toLines, updateLineSchema } from './update-line.ts';

const T = Date.parse('2026-05-01T20:45:02Z');

test('a line has the documented fields', () => {
  expect(toLines(frame(1500, { room: 'r', start: T, total: 2100 }))).toEqual([
    {
      room_id: 'r',
      start: '2026-05-01T20:45:02.000Z',
      end: '2026-05-01T20:45:04.000Z',
      emoji_type: '🔥',
      raw_count: 1500,
      scaled_count: 2,
      aggregation_ratio: 1000,
      window_ms: 2000,
      total_count: 2100,
    },
  ]);
  expect(toLines(frame(1, { final: true }))[0]).toHaveProperty('final', true);
});

test('each window and emoji gets one line, which its schema accepts', () => {
  const counts = new Map([
    ['🔥', 3],
    ['❤️', 0],
  ]);
  const windows = [0, 2000].map((start) => ({ start, final: start === 0, counts }));
  const [made] = toFrames({ room: 'r', windows, totals: counts, late: 0 }, { windowMs: 2000, ratio: 1 }, T);
  const lines = toLines(made as Frame);
  expect(lines.map(({ start, emoji_type, final }) => [Date.parse(start), emoji_type, final])).toEqual([
    [0, '🔥', true],
    [0, '❤️', true],
    [2000, '🔥', undefined],
    [2000, '❤️', undefined],
  ]);
  for (const line of lines) expect(updateLineSchema.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
});

test('a total that is missing in the frame is set to the window’s count', () => {
  expect(toLines({ ...frame(7), totals: {} })[0]?.total_count).toBe(7);
});

test('a frame without windows produces no line', () => {
  expect(toLines({ ...frame(7), windows: [] })).toEqual([]);
});
