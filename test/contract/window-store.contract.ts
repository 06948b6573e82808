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
    store.open().then((counts) => counts.apply([...countByRoom(taps, SETTINGS).values()], now));
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

  describe('taps with an event_id', () => {
    const twice = (options: Parameters<typeof tap>[1], again: Parameters<typeof tap>[1] = options) =>
      apply([at(0, { id: 'a', ...options }), at(0, { id: 'a', ...again, partition: 1 })]);

    test('sent again within ten minutes: one counts, whichever partition it lands on', async () => {
      await twice({ count: 3 }, { count: 3, receivedAt: T + 9000 });
      await apply([at(1, { id: 'a', count: 3 }), at(2, { id: 'a', count: 3 }), at(3, { id: 'b' })]);
      expect(await fire()).toBe(4);
    });

    test('after that time it is another tap', async () => {
      await twice({}, { at: T + 600_001 });
      expect(await fire()).toBe(2);
    });

    test('delivered again they change nothing', async () => {
      const taps = [at(0, { id: 'a' }), at(1, { id: 'b' }), at(2, { id: 'a' })];
      const first = await apply(taps);
      expect(await apply(taps)).toEqual(first);
      expect(await fire()).toBe(2);
    });

    test('an id is its user’s own, and its room’s', async () => {
      await apply([at(0, { id: 'a', user: 'x' }), at(1, { id: 'a', user: 'y' }), at(2, { id: 'a', room: 'other' })]);
      expect(await fire()).toBe(2);
      expect((await store.snapshot('other', 1)).totals.get('🔥')).toBe(1);
    });

    test('a late copy of a tap that counts is not late', async () => {
      await twice({}, { receivedAt: T + 10_001 });
      expect(await store.snapshot('global', 1)).toMatchObject({ late: 0, totals: new Map([['🔥', 1]]) });
    });

    test('a late one is late once, and no longer when the one in time is read after it', async () => {
      await twice({ count: 3, receivedAt: T + 10_001 });
      expect((await store.snapshot('global', 1)).late).toBe(3);
      await apply([at(1, { id: 'a', count: 3, receivedAt: T })]);
      expect(await fire()).toBe(3);
      expect((await store.snapshot('global', 1)).late).toBe(0);
      await apply([at(2, { id: 'a', count: 3, receivedAt: T + 20_000 })]);
      expect(await store.snapshot('global', 1)).toMatchObject({ late: 0, totals: new Map([['🔥', 3]]) });
    });

    test('a window that holds nothing but copies is none', async () => {
      await apply([at(0, { id: 'a' })]);
      const [room] = await apply([at(1, { id: 'a', at: T + 2000 })]);
      expect(room?.windows).toEqual([]);
      expect((await store.snapshot('global', 10)).windows.map(({ start }) => start)).toEqual([T]);
    });

    test('thousands at once', async () => {
      const ids = (from: number) => Array.from({ length: 3000 }, (_, n) => at(from + n, { id: `id-${n % 2000}` }));
      await apply(ids(0));
      await apply(ids(3000));
      expect(await fire()).toBe(2000);
    });
  });

  describe('how far the stream has been counted', () => {
    const P = 'emoji_topic-0';
    const span = (first: number, last: number, newest = T) => new Map([[P, { first, last, newest }]]);
    const counted = async () => (await store.open()).counted.get(P);
    const advance = async (...args: Parameters<typeof span>) => (await store.open()).advance(span(...args));

    test('nothing at first; then up to the end of each span, with the latest record time', async () => {
      expect(await counted()).toBeUndefined();
      expect(await advance(0, 9, T + 5)).toBe(true);
      expect(await advance(10, 12, T)).toBe(true);
      expect(await counted()).toEqual({ offset: 12, newest: T + 5 });
    });

    test('it never goes back', async () => {
      await advance(0, 9);
      expect(await advance(0, 3)).toBe(true);
      expect(await counted()).toEqual({ offset: 9, newest: T });
    });

    test('partitions are apart', async () => {
      await advance(0, 9);
      const counts = await store.open();
      await counts.advance(new Map([['emoji_topic-1', { first: 0, last: 99, newest: T }]]));
      expect((await store.open()).counted).toEqual(
        new Map([
          [P, { offset: 9, newest: T }],
          ['emoji_topic-1', { offset: 99, newest: T }],
        ]),
      );
    });

    test('a span that begins after the counts shows that some are lost: a new generation begins', async () => {
      const counts = await store.open();
      await counts.apply([...countByRoom(range(0, 3), SETTINGS).values()], T);
      await counts.advance(span(0, 2));
      expect(await counts.advance(span(4, 5))).toBe(false);
      expect(await counted()).toBeUndefined();
      expect(await fire()).toBeUndefined();
      await apply(range(0, 5));
      expect(await fire()).toBe(5);
    });

    test('counts of a generation that was discarded are not those of the new one', async () => {
      const old = await store.open();
      await (await store.open()).discard();
      await old.discard(); // once is enough
      const counts = await store.open();
      await counts.apply([...countByRoom(range(0, 2), SETTINGS).values()], T);
      await old.apply([...countByRoom(range(0, 7), SETTINGS).values()], T);
      expect(await old.advance(span(0, 6))).toBe(false);
      expect(await counts.advance(span(0, 1))).toBe(true);
      expect(await fire()).toBe(2);
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
      expect(await (await store.open()).overdue(OVER - 1)).toEqual([]);
      expect(await (await store.open()).overdue(OVER + 5000)).toEqual([
        { room: 'global', start: T, final: true, counts: new Map([['🔥', 1]]) },
      ]);
    });

    test('come again until they are settled, then no more', async () => {
      await apply([at(0)]);
      const later = OVER + 5000;
      expect(await (await store.open()).overdue(later)).toHaveLength(1);
      expect(await (await store.open()).overdue(later)).toHaveLength(1);
      await (await store.open()).settle(['global'], later);
      expect(await (await store.open()).overdue(later + 60_000)).toEqual([]);
      expect((await store.snapshot('global', 1)).windows[0]?.final).toBe(true);
    });

    test('a window that was touched after the look stays to be told', async () => {
      await apply([at(0)]);
      const later = OVER + 5000;
      await (await store.open()).overdue(later);
      await apply([at(1)], later + 1); // a backlog corrects it
      await (await store.open()).settle(['global'], later);
      expect(await (await store.open()).overdue(later + 10_000)).toEqual([
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
