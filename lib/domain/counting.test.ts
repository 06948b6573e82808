import { expect, test } from '@jest/globals';
import { countByRoom, touched } from './counting.ts';
import { tap } from '../../test/support/taps.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000 };

test('groups by room, partition, window and emoji, with the offsets that each part spans', () => {
  const rooms = countByRoom(
    [
      tap(0, { room: 'a', emoji: '🔥', at: 100 }),
      tap(1, { room: 'b', emoji: '🔥', at: 100 }),
      tap(2, { room: 'a', emoji: '❤️', at: 1999, count: 5 }),
      tap(5, { room: 'a', emoji: '🔥', at: 2000 }),
      tap(7, { room: 'a', emoji: '🔥', at: 100, partition: 1 }),
    ],
    settings,
  );
  expect([...rooms.keys()]).toEqual(['a', 'b']);
  expect(rooms.get('a')?.partitions).toEqual(
    new Map([
      [
        'emoji_topic-0',
        {
          first: 0,
          last: 5,
          late: 0,
          identified: new Map(),
          windows: new Map([
            [
              0,
              new Map([
                ['🔥', 1],
                ['❤️', 5],
              ]),
            ],
            [2000, new Map([['🔥', 1]])],
          ]),
        },
      ],
      [
        'emoji_topic-1',
        { first: 7, last: 7, late: 0, identified: new Map(), windows: new Map([[0, new Map([['🔥', 1]])]]) },
      ],
    ]),
  );
});

test('late taps are counted as late and enter no window', () => {
  const rooms = countByRoom([tap(0, { at: 0, receivedAt: 10_001, count: 3 })], settings);
  const part = rooms.get('global')?.partitions.get('emoji_topic-0');
  expect(part).toMatchObject({ first: 0, last: 0, late: 3 });
  expect(part?.windows.size).toBe(0);
});

test('taps with an event_id stand by themselves, those of the same kind together, each id once', () => {
  const rooms = countByRoom(
    [
      tap(0, { at: 0, id: 'a' }),
      tap(1, { at: 1, id: 'b', user: 'v' }),
      tap(2, { at: 2, id: 'a' }),
      tap(3, { at: 0, id: 'c', count: 2 }),
      tap(4, { at: 0, receivedAt: 10_001, id: 'd' }),
      tap(5, { at: 0 }),
    ],
    settings,
  );
  const part = rooms.get('global')?.partitions.get('emoji_topic-0');
  expect(part).toMatchObject({ last: 5, late: 0, windows: new Map([[0, new Map([['🔥', 1]])]]) });
  const received = (entries: [string, number][]) => new Map(entries);
  expect([...(part?.identified.values() ?? [])]).toEqual([
    {
      start: 0,
      emoji: '🔥',
      count: 1,
      received: received([
        ['u a', 0],
        ['v b', 1],
      ]),
    },
    { start: 0, emoji: '🔥', count: 2, received: received([['u c', 0]]) },
    { start: undefined, emoji: '🔥', count: 1, received: received([['u d', 10_001]]) },
  ]);
});

test('touched: every window and emoji, of all partitions', () => {
  const batch = countByRoom([tap(0, { at: 0 }), tap(0, { at: 0, emoji: '❤️', partition: 1 })], settings).get('global');
  expect(batch && touched(batch)).toEqual(new Map([[0, new Set(['🔥', '❤️'])]]));
});
