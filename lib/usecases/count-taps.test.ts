import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tap } from '../../test/support/taps.ts';
import { MemoryWindowStore } from '../../test/doubles/window-store.ts';
import { countTaps } from './count-taps.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000 };
const NOW = 1000;

const countsOf = async (store: MemoryWindowStore, room: string) => {
  const { windows, late } = await store.snapshot(room, 100);
  return { late, windows: windows.map(({ start, counts }) => [start, [...counts].sort()]) };
};

test('a batch redelivered with other boundaries counts exactly once', async () => {
  const store = new MemoryWindowStore(settings);
  const taps = Array.from({ length: 200 }, (_, offset) => tap(offset));
  await countTaps(await store.open(), taps.slice(0, 100), settings, NOW);
  const { totals } = await countTaps(await store.open(), taps, settings, NOW);
  expect(totals.at(-1)?.counts.get('🔥')).toBe(200);
  expect((await store.snapshot('global', 1)).totals.get('🔥')).toBe(200);
});

test('a batch redelivered whole changes nothing and tells its totals again', async () => {
  const store = new MemoryWindowStore(settings);
  const taps = [tap(0), tap(1)];
  const first = await countTaps(await store.open(), taps, settings, NOW);
  expect(await countTaps(await store.open(), taps, settings, NOW)).toEqual(first);
});

/** Deliveries of a partition as a crashing consumer sees them: each starts at or before where the last one ended. */
const deliveries = (length: number) =>
  fc.array(fc.tuple(fc.nat({ max: length }), fc.integer({ min: 1, max: length })), { maxLength: 12 }).map((cuts) => {
    let read = 0;
    const spans: [number, number][] = [];
    for (const [back, size] of cuts) {
      const from = Math.max(0, read - back);
      const to = Math.min(length, from + size);
      spans.push([from, to]);
      read = Math.max(read, to);
    }
    spans.push([read, length]);
    return spans;
  });

test('whatever the boundaries of redelivered batches, every tap counts exactly once', async () => {
  const oneTap = fc.record({
    room: fc.constantFrom('a', 'b', 'c'),
    emoji: fc.constantFrom('🔥', '❤️'),
    at: fc.integer({ min: 0, max: 6000 }),
    lag: fc.constantFrom(0, 20_000),
    count: fc.integer({ min: 1, max: 3 }),
  });
  const scenario = fc
    .array(oneTap, { minLength: 1, maxLength: 40 })
    .chain((taps) =>
      fc.tuple(
        fc.constant(taps.map(({ lag, ...rest }, n) => tap(n, { ...rest, receivedAt: rest.at + lag }))),
        deliveries(taps.length),
      ),
    );
  await fc.assert(
    fc.asyncProperty(scenario, async ([taps, spans]) => {
      const once = new MemoryWindowStore(settings);
      await countTaps(await once.open(), taps, settings, NOW);
      const again = new MemoryWindowStore(settings);
      for (const [from, to] of spans) await countTaps(await again.open(), taps.slice(from, to), settings, NOW);
      for (const room of ['a', 'b', 'c']) expect(await countsOf(again, room)).toEqual(await countsOf(once, room));
    }),
  );
});
