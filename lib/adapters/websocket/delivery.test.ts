import { beforeEach, expect, test } from '@jest/globals';
import { recordedLogger } from '../../../test/support/doubles.ts';
import { frame } from '../../../test/support/frames.ts';
import { until } from '../../../test/support/until.ts';
import type { Frame } from '../../domain/frame.ts';
import type { ClientOf } from '../../domain/registration.ts';
import { SocketDelivery } from './delivery.ts';
import type { Outcome, Post } from './post.ts';

const clients = (...ids: string[]): ClientOf<'websocket'>[] => ids.map((id) => ({ transport: 'websocket', id }));
const counted = (data: Uint8Array) => (JSON.parse(Buffer.from(data).toString()) as Frame).totals['🔥'];

let posted: [connection: string, total: number | undefined][];
let gone: string[];
let log: ReturnType<typeof recordedLogger>;
beforeEach(() => {
  posted = [];
  gone = [];
  log = recordedLogger();
});

/** @param outcomes the outcomes of the posts to each connection, in order; `sent` afterwards */
const deliveryWith = (
  outcomes: Record<string, Outcome[]> = {},
  options: Partial<ConstructorParameters<typeof SocketDelivery>[0]> = {},
) =>
  new SocketDelivery({
    post: async (connection, data) => {
      posted.push([connection, counted(data)]);
      return { outcome: outcomes[connection]?.shift() ?? 'sent', error: new Error('oops') };
    },
    ...{ concurrency: 10, log, waitMs: 60_000, retryMs: 1 },
    onGone: (connection) => gone.push(connection),
    ...options,
  });

test('every connection gets each frame as one message, encoded once', async () => {
  const data = new Set<Uint8Array>();
  const delivery = deliveryWith({}, { post: async (_id, each) => (data.add(each), { outcome: 'sent' }) });
  await delivery.send(clients('a', 'b', 'c'), frame(1));
  expect(data.size).toBe(1);
  expect(JSON.parse(Buffer.from([...data][0] ?? []).toString())).toEqual(frame(1));
});

test('a connection that is gone is reported at once, and the others get the frame', async () => {
  const delivery = deliveryWith({ b: ['gone'] });
  await delivery.send(clients('a', 'b', 'c'), frame(1));
  expect(gone).toEqual(['b']);
  expect(posted).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 1],
  ]);
  expect(log.lines).toEqual([]);
});

test.each(['throttled', 'failed'] as const)('a post that is %s is repeated', async (outcome) => {
  await deliveryWith({ a: [outcome, outcome] }).send(clients('a'), frame(1));
  expect(posted).toEqual([
    ['a', 1],
    ['a', 1],
    ['a', 1],
  ]);
});

test('while a connection is throttled, newer frames replace the one that waits', async () => {
  const later: Promise<void>[] = [];
  const post: Post = async (connection, data) => {
    posted.push([connection, counted(data)]);
    if (posted.length > 1) return { outcome: 'sent' };
    for (const count of [2, 3]) later.push(delivery.send(clients('a'), frame(count)));
    return { outcome: 'throttled' };
  };
  const delivery = deliveryWith({}, { post, waitMs: 60_000 });
  await delivery.send(clients('a'), frame(1));
  await Promise.all(later);
  expect(posted).toEqual([
    ['a', 1],
    ['a', 3],
  ]);
});

test('a frame that can’t be delivered is given up with one log line, and the next is sent', async () => {
  const delivery = deliveryWith({ a: ['refused'], b: Array<Outcome>(6).fill('failed') });
  await delivery.send(clients('a', 'b'), frame(1));
  expect(log.lines).toMatchObject([['error', 'frames were not delivered over WebSocket', { frames: 1 }]]);
  posted = [];
  await delivery.send(clients('a', 'b'), frame(2));
  expect(posted).toEqual([
    ['a', 2],
    ['b', 2],
  ]);
});

test('a slow connection delays no other, and send returns after a limit', async () => {
  let release: () => void = () => undefined;
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const post: Post = async (connection, data) => {
    if (connection === 'slow') await stuck;
    posted.push([connection, counted(data)]);
    return { outcome: 'sent' };
  };
  const delivery = deliveryWith({}, { post, waitMs: 20 });
  for (const count of [1, 2, 3]) await delivery.send(clients('slow', 'b'), frame(count));
  expect(posted).toEqual([
    ['b', 1],
    ['b', 2],
    ['b', 3],
  ]);
  release();
  await until(
    'the slow connection has the newest count',
    () => posted.at(-1)?.[0] === 'slow' && posted.at(-1)?.[1] === 3,
  );
  expect(posted.filter(([connection]) => connection === 'slow')).toEqual([
    ['slow', 1],
    ['slow', 3],
  ]);
});

test('at most the given number of posts are under way', async () => {
  let underWay = 0;
  let most = 0;
  const post: Post = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    return { outcome: 'sent' };
  };
  const ids = Array.from({ length: 100 }, (_, n) => `c${n}`);
  await deliveryWith({}, { post, concurrency: 7 }).send(clients(...ids), frame(1));
  expect(most).toBe(7);
});
