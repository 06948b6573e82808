import { beforeEach, describe, expect, test } from '@jest/globals';
import { countByRoom, type LoggedReaction } from '../../lib/domain/counting.ts';
import type { WindowStore } from '../../lib/ports.ts';
import { tap } from '../support/taps.ts';

export const SETTINGS = { windowMs: 2000, watermarkMs: 10_000 };

/** Windows start here; any multiple of the window's length. */
const T = 1_760_000_000_000;
const OVER = T + 12_000;

/** What every WindowStore promises. @param create gives an empty one. */
export const windowStoreContract = (create: () => WindowStore | Promise<WindowStore>): void => {
  let store: WindowStore;
  beforeEach(async () => {
    store = await create();
  });

  const apply = (taps: readonly LoggedReaction[], now = T + 100) =>
    store.apply([...countByRoom(taps, SETTINGS).values()], now);
  const at = (offset: number, options: Parameters<typeof tap>[1] = {}) => tap(offset, { at: T, ...options });
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => at(from + n));
  const fire = async () => (await store.snapshot('global', 1)).totals.get('🔥');

  describe('apply', () => {
    test('tells the cumulative totals of the windows that the batch touches', async () => {
      await apply([at(0), at(1, { emoji: '❤️' })]);
      const [room] = await apply([at(2), at(3, { at: T + 2000 })]);
      expect(room).toEqual({
        room: 'global',
        partial: new Map(),
        windows: [
          { room: 'global', start: T, final: false, counts: new Map([['🔥', 2]]) },
          { room: 'global', start: T + 2000, final: false, counts: new Map([['🔥', 1]]) },
        ],
      });
    });

    test('a batch that was counted before changes nothing and tells the same totals', async () => {
      const first = await apply(range(0, 3));
      expect(await apply(range(0, 3))).toEqual(first);
      expect(await fire()).toBe(3);
    });

    test('of a part that was counted in part it tells how far, and counts nothing of it', async () => {
      await apply(range(0, 100));
      const [room] = await apply([...range(0, 200), at(7, { partition: 1 })]);
      expect(room?.partial).toEqual(new Map([['emoji_topic-0', 99]]));
      expect(await fire()).toBe(101); // the other partition's part counts
    });

    test('offsets are kept apart for every partition and room', async () => {
      await apply([at(5), at(6, { room: 'other' })]);
      await apply([at(5, { partition: 1 }), at(5, { room: 'third' })]);
      expect(await fire()).toBe(2);
      expect((await store.snapshot('other', 1)).totals.get('🔥')).toBe(1);
    });

    test('offsets are compared as numbers', async () => {
      await apply([at(9)]);
      await apply([at(10)]);
      await apply([at(9)]);
      expect(await fire()).toBe(2);
    });

    test('a thousand rooms at once', async () => {
      const taps = Array.from({ length: 1000 }, (_, n) => at(n, { room: `room-${n}` }));
      const applied = await apply(taps);
      expect(applied.map(({ room }) => room)).toEqual(taps.map(({ reaction }) => reaction.room_id));
      expect(applied.every(({ windows }) => windows[0]?.counts.get('🔥') === 1)).toBe(true);
    });

    test('late taps are counted as late and in no window', async () => {
      const [room] = await apply([at(0, { receivedAt: T + 10_001, count: 4 })]);
      expect(room?.windows).toEqual([]);
      expect(await store.snapshot('global', 10)).toEqual({ windows: [], totals: new Map(), late: 4 });
    });

    test('a late tap that is delivered again is late once', async () => {
      await apply([at(0, { receivedAt: T + 10_001 })]);
      await apply([at(0, { receivedAt: T + 10_001 })]);
      expect((await store.snapshot('global', 10)).late).toBe(1);
    });
  });

  describe('final windows', () => {
    test('come with the next batch of the room, with all their emojis', async () => {
      await apply([at(0), at(1, { emoji: '❤️' })]);
      const [room] = await apply([at(2, { at: OVER, receivedAt: OVER })], OVER);
      expect(room?.windows).toContainEqual({
        room: 'global',
        start: T,
        final: true,
        counts: new Map([
          ['🔥', 1],
          ['❤️', 1],
        ]),
      });
    });

    test('come for a silent room too, a little after the watermark', async () => {
      await apply([at(0)]);
      expect(await store.overdue(OVER - 1)).toEqual([]);
      expect(await store.overdue(OVER + 5000)).toEqual([
        { room: 'global', start: T, final: true, counts: new Map([['🔥', 1]]) },
      ]);
    });

    test('come again until they are settled, then no more', async () => {
      await apply([at(0)]);
      const later = OVER + 5000;
      expect(await store.overdue(later)).toHaveLength(1);
      expect(await store.overdue(later)).toHaveLength(1);
      await store.settle(['global'], later);
      expect(await store.overdue(later + 60_000)).toEqual([]);
      expect((await store.snapshot('global', 1)).windows[0]?.final).toBe(true);
    });

    test('a window that was touched after the look stays to be told', async () => {
      await apply([at(0)]);
      const later = OVER + 5000;
      await store.overdue(later);
      await apply([at(1)], later + 1); // a backlog corrects it
      await store.settle(['global'], later);
      expect(await store.overdue(later + 10_000)).toEqual([
        { room: 'global', start: T, final: true, counts: new Map([['🔥', 2]]) },
      ]);
    });
  });

  describe('snapshot', () => {
    test('the newest windows first, as many as asked for, and the totals of all', async () => {
      await apply([at(0), at(1, { at: T + 2000 }), at(2, { at: T + 4000, emoji: '❤️' })]);
      const { windows, totals } = await store.snapshot('global', 2);
      expect(windows.map(({ start }) => start)).toEqual([T + 4000, T + 2000]);
      expect(windows.every(({ final }) => !final)).toBe(true);
      expect(totals).toEqual(
        new Map([
          ['🔥', 2],
          ['❤️', 1],
        ]),
      );
    });

    test('of a room that nobody knows: nothing', async () => {
      expect(await store.snapshot('nowhere', 10)).toEqual({ windows: [], totals: new Map(), late: 0 });
    });
  });
};
