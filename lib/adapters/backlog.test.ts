import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { frame } from '../../test/support/frames.ts';
import { largestCounts } from '../../test/support/tcp-client.ts';
import { mergeFrames, type Frame } from '../domain/frame.ts';
import { toLines } from '../domain/update-line.ts';
import { Backlog } from './backlog.ts';
import { encodeFrame } from './tcp/encode.ts';

test('a frame is encoded as one line per window and emoji, with window length and total', () => {
  const lines = encodeFrame(mergeFrames(frame(3, { total: 9 }), frame(4, { emoji: '❤️' }))).split('\n');
  expect(lines.at(-1)).toBe('');
  expect(lines.slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ emoji_type: '🔥', raw_count: 3, total_count: 9, window_ms: 2000 }),
    expect.objectContaining({ emoji_type: '❤️', raw_count: 4, total_count: 4, window_ms: 2000 }),
  ]);
});

test('frames of a room are merged: the largest count and total of each emoji, and final stays final', () => {
  const backlog = new Backlog();
  backlog.add(mergeFrames(frame(1), frame(1, { emoji: '❤️' })));
  backlog.add(mergeFrames(frame(3), frame(1, { start: 2000, total: 4 })));
  backlog.add(frame(2, { final: true }));
  expect(backlog.isEmpty).toBe(false);
  expect(backlog.take()).toEqual({
    ...frame(0),
    windows: [
      { start: '1970-01-01T00:00:00.000Z', final: true, counts: { '🔥': 3, '❤️': 1 } },
      { start: '1970-01-01T00:00:02.000Z', counts: { '🔥': 1 } },
    ],
    totals: { '🔥': 4, '❤️': 1 },
  });
  expect(backlog.isEmpty).toBe(true);
  expect(backlog.take()).toBeUndefined();
});

test('rooms are taken one by one, in the order in which they were added', () => {
  const backlog = new Backlog();
  for (const room of ['b', 'a', 'b']) backlog.add(frame(1, { room }));
  expect([backlog.take()?.room_id, backlog.take()?.room_id, backlog.take()]).toEqual(['b', 'a', undefined]);
});

test('the size is bounded: the oldest windows are dropped', () => {
  const backlog = new Backlog();
  for (let n = 0; n < 5000; n++) backlog.add(frame(1, { start: n * 2000 }));
  const kept = backlog.take()?.windows ?? [];
  expect(kept).toHaveLength(2000);
  expect(kept[0]?.start).toBe(new Date(3000 * 2000).toISOString());
});

test('an added frame is not modified', () => {
  const backlog = new Backlog();
  const windows = Array.from({ length: 2500 }, (_, n) => frame(1, { start: n * 2000 }).windows).flat();
  const large = { ...frame(1), windows };
  backlog.add(large);
  backlog.add(frame(9));
  expect(large.windows).toHaveLength(2500);
});

test('however frames are merged, the client ends with the same counts', () => {
  const one = fc
    .record({
      count: fc.integer({ min: 0, max: 9 }),
      start: fc.constantFrom(0, 2000),
      emoji: fc.constantFrom('🔥', '❤️'),
      take: fc.boolean(),
    })
    .map(({ count, take, ...rest }) => ({ frame: frame(count, rest), take }));
  fc.assert(
    fc.property(fc.array(one), (steps) => {
      const backlog = new Backlog();
      const taken: (Frame | undefined)[] = [];
      for (const { frame: each, take } of steps) {
        backlog.add(each);
        if (take) taken.push(backlog.take());
      }
      taken.push(backlog.take());
      const lines = (frames: readonly (Frame | undefined)[]) => frames.flatMap((each) => (each ? toLines(each) : []));
      expect(largestCounts(lines(taken))).toEqual(largestCounts(lines(steps.map((step) => step.frame))));
    }),
  );
});
