import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { told } from '../../../test/support/tcp-client.ts';
import { update } from '../../../test/support/updates.ts';
import type { Update } from '../../domain/frame.ts';
import { Backlog, encodeFrame } from './backlog.ts';

const frame = (...updates: Update[]) => ({ windowMs: 2000, updates });

test('a frame is a line an update, each of which says its window’s length', () => {
  const lines = encodeFrame(frame(update(3), update(4, { emoji: '❤️' }))).split('\n');
  expect(lines.at(-1)).toBe('');
  expect(lines.slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual([
    { ...update(3), window_ms: 2000 },
    { ...update(4, { emoji: '❤️' }), window_ms: 2000 },
  ]);
});

test('of each window and emoji the newest count is left, and final stays final', () => {
  const backlog = new Backlog();
  backlog.add(frame(update(1), update(1, { emoji: '❤️' })));
  backlog.add(frame(update(3), update(1, { start: 2000 })));
  backlog.add(frame(update(2, { final: true })));
  expect(backlog.isEmpty).toBe(false);
  expect(backlog.take()).toEqual(
    frame(update(3, { final: true }), update(1, { emoji: '❤️' }), update(1, { start: 2000 })),
  );
  expect(backlog.isEmpty).toBe(true);
  expect(backlog.take()).toBeUndefined();
});

test('it is bounded, and the oldest windows give way', () => {
  const backlog = new Backlog();
  for (let n = 0; n < 5000; n++) backlog.add(frame(update(1, { start: n * 2000 })));
  const kept = backlog.take()?.updates ?? [];
  expect(kept).toHaveLength(2000);
  expect(kept[0]?.start).toBe(new Date(3000 * 2000).toISOString());
});

test('skipping loses nothing: however frames are gathered, the client ends with the same counts', () => {
  const one = fc
    .record({
      count: fc.integer({ min: 0, max: 9 }),
      start: fc.constantFrom(0, 2000),
      emoji: fc.constantFrom('🔥', '❤️'),
      take: fc.boolean(),
    })
    .map(({ count, take, ...rest }) => ({ update: update(count, rest), take }));
  fc.assert(
    fc.property(fc.array(one), (steps) => {
      const backlog = new Backlog();
      const taken: Update[] = [];
      for (const { update: each, take } of steps) {
        backlog.add(frame(each));
        if (take) taken.push(...(backlog.take()?.updates ?? []));
      }
      taken.push(...(backlog.take()?.updates ?? []));
      const lines = (updates: readonly Update[]) => updates.map((each) => ({ ...each, window_ms: 2000 }));
      expect(told(lines(taken))).toEqual(told(lines(steps.map((step) => step.update))));
    }),
  );
});
