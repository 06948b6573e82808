import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formerUpdate, frame } from '../../test/support/frames.ts';
import {
  frameRecordSchema,
  frameSchema,
  mergeByRoom,
  mergeFrames,
  scale,
  toFrames,
  windowSpan,
  type Frame,
} from './frame.ts';

const settings = { windowMs: 2000, ratio: 1000 };
const T = Date.parse('2026-05-01T20:45:02Z');

test('scaled_count is raw_count divided by the ratio, rounded up', () => {
  expect([0, 1, 999, 1000, 1001].map((count) => scale(count, 1000))).toEqual([0, 1, 1, 1, 2]);
});

test('the span of a window as ISO-8601 UTC', () => {
  expect(windowSpan(T, 2000)).toEqual({ start: '2026-05-01T20:45:02.000Z', end: '2026-05-01T20:45:04.000Z' });
});

describe('toFrames', () => {
  const counts = (...taps: [string, number][]) => new Map(taps);

  test('a frame has the documented fields and is accepted by its schema', () => {
    const room = {
      ...{ room: 'r', late: 3, totals: counts(['🔥', 1830]) },
      windows: [
        { start: T, final: true, counts: counts(['🔥', 1500]) },
        { start: T + 2000, final: false, counts: counts(['🔥', 30]) },
      ],
    };
    const frames = toFrames(room, settings, T + 4500);
    expect(frames).toEqual([
      {
        ...{ v: 1, type: 'counts', room_id: 'r', window_ms: 2000, aggregation_ratio: 1000 },
        windows: [
          { start: '2026-05-01T20:45:02.000Z', final: true, counts: { '🔥': 1500 } },
          { start: '2026-05-01T20:45:04.000Z', counts: { '🔥': 30 } },
        ],
        totals: { '🔥': 1830 },
        at: '2026-05-01T20:45:06.500Z',
      },
    ]);
    expect(frameSchema.parse(JSON.parse(JSON.stringify(frames[0])))).toEqual(frames[0]);
  });

  test('50 emojis in the newest window take at most 2 KB', () => {
    const fifty = new Map(Array.from({ length: 50 }, (_, n) => [String.fromCodePoint(0x1f600 + n), 12_345]));
    const windows = [{ start: T, final: false, counts: fifty }];
    const [made] = toFrames({ room: 'final', windows, totals: fifty, late: 0 }, settings, T);
    expect(Buffer.byteLength(JSON.stringify(made))).toBeLessThanOrEqual(2048);
  });

  test('a backlog of many windows becomes several small frames, with every window once and the totals in each', () => {
    const kinds = new Map(Array.from({ length: 64 }, (_, n) => [String.fromCodePoint(0x1f600 + n), 9]));
    const windows = Array.from({ length: 500 }, (_, n) => ({ start: n * 2000, final: false, counts: kinds }));
    const frames = toFrames({ room: 'r', windows, totals: kinds, late: 0 }, settings, T);
    expect(frames.length).toBeGreaterThan(1);
    for (const each of frames) {
      expect(Buffer.byteLength(JSON.stringify(each))).toBeLessThan(32_768);
      expect(Object.keys(each.totals)).toHaveLength(64);
    }
    expect(frames.flatMap((each) => each.windows.map(({ start }) => Date.parse(start)))).toEqual(
      windows.map(({ start }) => start),
    );
  });

  test('a window with more emojis than the limit of a frame still becomes a frame', () => {
    const kinds = new Map(Array.from({ length: 1200 }, (_, n) => [`:${n}:`, 1]));
    const windows = [0, 2000].map((start) => ({ start, final: false, counts: kinds }));
    const frames = toFrames({ room: 'r', windows, totals: kinds, late: 0 }, settings, T);
    expect(frames.map((each) => each.windows.length)).toEqual([1, 1]);
  });
});

describe('frameSchema', () => {
  test.each<[string, object]>([
    ['another version', { v: 2 }],
    ['another type', { type: 'hello' }],
    ['an invalid room id', { room_id: 'a b' }],
    ['a negative count', { totals: { '🔥': -1 } }],
    ['a fractional count', { totals: { '🔥': 0.5 } }],
    ['a long emoji', { totals: { ['x'.repeat(65)]: 1 } }],
    ['too many emojis', { totals: Object.fromEntries(Array.from({ length: 4097 }, (_, n) => [n, 1])) }],
    ['an invalid start of a window', { windows: [{ start: 'now', counts: {} }] }],
    ['a window length of 0', { window_ms: 0 }],
    ['a window length above the maximum', { window_ms: 3_600_001 }],
    ['no windows', { windows: undefined }],
    ['an invalid time', { at: 'yesterday' }],
  ])('rejects %s', (_what, change) => {
    expect(frameRecordSchema.safeParse({ ...frame(1), ...change }).success).toBe(false);
  });

  test('unknown fields are dropped', () => {
    expect(frameSchema.parse({ ...frame(1), extra: 'x'.repeat(1000) })).toEqual(frame(1));
  });

  test('a record in the former format is recognised and ignored', () => {
    expect(frameRecordSchema.safeParse(formerUpdate)).toEqual({ success: true, data: undefined });
    expect(frameRecordSchema.parse(frame(3))).toEqual(frame(3));
  });
});

const anyFrame = fc
  .record({
    room: fc.constantFrom('a', 'b'),
    start: fc.constantFrom(0, 2000, 4000),
    emoji: fc.constantFrom('🔥', '❤️', '__proto__'),
    count: fc.nat(5),
    total: fc.nat(9),
    final: fc.boolean(),
    at: fc.nat(3),
  })
  .map(({ count, ...options }) => frame(count, options));
/** The merged content of frames, independent of the order of keys. */
const contentOf = (frames: Iterable<Frame>) =>
  [...mergeByRoom(frames)]
    .map(([room, { windows, totals, at }]) => ({
      ...{ room, at, totals: Object.entries(totals).sort() },
      windows: windows.map(({ counts, ...rest }) => ({ ...rest, counts: Object.entries(counts).sort() })),
    }))
    .sort((a, b) => (a.room < b.room ? -1 : 1));

describe('merging', () => {
  test('does not depend on order, repetition or grouping', () => {
    fc.assert(
      fc.property(fc.array(anyFrame), fc.array(anyFrame), (some, others) => {
        const once = contentOf([...some, ...others]);
        expect(contentOf([...others, ...some, ...some])).toEqual(once);
        expect(contentOf([...others, ...mergeByRoom(some).values()])).toEqual(once);
      }),
    );
  });

  test('keeps the largest count of each window and emoji, and the largest total', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1 }), (frames) => {
        for (const [room, merged] of mergeByRoom(frames)) {
          const same = frames.filter(({ room_id }) => room_id === room);
          for (const window of merged.windows) {
            const known = same.flatMap(({ windows }) => windows.filter(({ start }) => start === window.start));
            expect(window.final ?? false).toBe(known.some(({ final }) => final));
            for (const [emoji, count] of Object.entries(window.counts))
              expect(count).toBe(
                Math.max(...known.map(({ counts }) => new Map(Object.entries(counts)).get(emoji) ?? 0)),
              );
          }
          for (const [emoji, total] of Object.entries(merged.totals))
            expect(total).toBe(Math.max(...same.map(({ totals }) => new Map(Object.entries(totals)).get(emoji) ?? 0)));
        }
      }),
    );
  });

  test('windows are ordered by start, and the time is that of the newest frame', () => {
    const merged = mergeFrames(frame(1, { start: 4000, at: 9 }), frame(1, { start: 2000, at: 3 }));
    expect(merged.windows.map(({ start }) => Date.parse(start))).toEqual([2000, 4000]);
    expect(merged.at).toBe(frame(1, { at: 9 }).at);
  });

  test('changes neither of the two frames', () => {
    const [a, b] = [frame(1), frame(5, { final: true })];
    const copies = structuredClone([a, b]);
    mergeFrames(a, b);
    expect([a, b]).toEqual(copies);
  });

  test('rooms keep the order of their first frames', () => {
    const rooms = ['b', 'a', 'b', 'c'].map((room) => frame(1, { room }));
    expect([...mergeByRoom(rooms).keys()]).toEqual(['b', 'a', 'c']);
  });
});
