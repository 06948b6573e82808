import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeByRoom, scale, toUpdates, updateSchema, type Update } from './update.ts';

test('scaled_count is raw_count divided by the ratio, rounded up', () => {
  expect([0, 1, 999, 1000, 1001].map((count) => scale(count, 1000))).toEqual([0, 1, 1, 1, 2]);
});

test('an update has the shape of the contract', () => {
  const totals = {
    room: 'r',
    start: Date.parse('2026-05-01T20:45:02Z'),
    final: false,
    counts: new Map([['🔥', 1500]]),
  };
  expect(toUpdates(totals, { windowMs: 2000, ratio: 1000 })).toEqual([
    {
      room_id: 'r',
      start: '2026-05-01T20:45:02.000Z',
      end: '2026-05-01T20:45:04.000Z',
      emoji_type: '🔥',
      raw_count: 1500,
      scaled_count: 2,
      aggregation_ratio: 1000,
    },
  ]);
  expect(toUpdates({ ...totals, final: true }, { windowMs: 2000, ratio: 1000 })[0]).toHaveProperty('final', true);
});

const update = fc
  .record({
    room: fc.constantFrom('a', 'b'),
    window: fc.integer({ min: 0, max: 2 }),
    emoji: fc.constantFrom('🔥', '❤️'),
    count: fc.integer({ min: 0, max: 5 }),
    final: fc.boolean(),
  })
  .map(({ room, window, emoji, count, final }): Update => {
    const totals = { room, start: window * 2000, final, counts: new Map([[emoji, count]]) };
    return updateSchema.parse(toUpdates(totals, { windowMs: 2000, ratio: 1 })[0]);
  });
const flat = (updates: readonly Update[]) =>
  [...mergeByRoom(updates).values()]
    .flatMap((room) => [...room.values()])
    .map((each) => JSON.stringify(Object.entries(each).sort()))
    .sort();

test('merging does not depend on order, repetition or grouping', () => {
  fc.assert(
    fc.property(fc.array(update), fc.array(update), (some, others) => {
      const once = flat([...some, ...others]);
      expect(flat([...others, ...some, ...some])).toEqual(once);
      const merged = [...mergeByRoom(some).values()].flatMap((room) => [...room.values()]);
      expect(flat([...merged, ...others])).toEqual(once);
    }),
  );
});

test('merging keeps the largest count of each window and emoji', () => {
  fc.assert(
    fc.property(fc.array(update), (updates) => {
      for (const [room, merged] of mergeByRoom(updates))
        for (const each of merged.values()) {
          const same = updates.filter(
            ({ room_id, start, emoji_type }) =>
              room_id === room && start === each.start && emoji_type === each.emoji_type,
          );
          expect(each.raw_count).toBe(Math.max(...same.map(({ raw_count }) => raw_count)));
          expect(each.final ?? false).toBe(same.some(({ final }) => final));
        }
    }),
  );
});
