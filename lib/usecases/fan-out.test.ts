import { describe, expect, test } from '@jest/globals';
import { RecordedLog, recordedLogger } from '../../test/support/doubles.ts';
import { frame } from '../../test/support/frames.ts';
import { clusterTopic, UPDATE_TOPIC } from '../config/topics.ts';
import type { Frame } from '../domain/frame.ts';
import type { SubscriberRef } from '../domain/registration.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { Delivery } from '../ports.ts';
import { createFanOut } from './fan-out.ts';

// More tests are in functions/cluster-fanout.test.ts.

const recordsWith = (frames: readonly Frame[]): StreamRecord[] =>
  frames.map((each, offset) => ({
    ...{ topic: UPDATE_TOPIC, partition: 0, offset, timestamp: 0, isAppendTime: true },
    value: Buffer.from(JSON.stringify(each)),
  }));
/** Subscriber 0 of each of two clusters watches every room. */
const registry = {
  audience: async (rooms: readonly string[]) =>
    new Map(rooms.map((room) => [room, [0, 1].map((cluster) => ({ cluster, subscriber: 0 }))])),
};
const pacer = { claim: async (rooms: readonly string[]) => new Map(rooms.map((room) => [room, 0])) };
const fanOut = (records: RecordedLog, frames: readonly Frame[]) =>
  createFanOut({ registry, pacer, records, log: recordedLogger() })(recordsWith(frames));

test('a batch of 1,500 rooms produces one record per room and cluster', async () => {
  const records = new RecordedLog();
  const rooms = Array.from({ length: 1500 }, (_, n) => `room-${n}`);
  await fanOut(
    records,
    [1, 2].flatMap((count) => rooms.map((room) => frame(count, { room }))),
  );
  for (const cluster of [0, 1]) {
    const sent = records.values<Frame>(clusterTopic(cluster));
    expect(sent.map(({ room_id, totals }) => [room_id, totals])).toEqual(rooms.map((room) => [room, { '🔥': 2 }]));
  }
});

test('a room’s frame is sent only when its turn is granted, and each frame once', async () => {
  const records = new RecordedLog();
  const granted: string[] = [];
  const waits = new Map([
    ['a', [3, 0]],
    ['b', [1, 1, 0]],
  ]);
  const pacing = {
    claim: async (rooms: readonly string[]) =>
      new Map(
        rooms.map((room) => {
          const wait = waits.get(room)?.shift() ?? 0;
          if (wait === 0) granted.push(room);
          return [room, wait];
        }),
      ),
  };
  const frames = ['a', 'b', 'c'].map((room) => frame(1, { room }));
  await createFanOut({ registry, pacer: pacing, records, log: recordedLogger() })(recordsWith(frames));
  expect(granted.sort()).toEqual(['a', 'b', 'c']);
  expect(records.values<Frame>(clusterTopic(0)).map(({ room_id }) => room_id)).toHaveLength(3);
});

describe('a service that knows its viewers itself', () => {
  const publishedBy = async (tiers: readonly Delivery[], watched: boolean) => {
    const records = new RecordedLog();
    const log = recordedLogger();
    const watching = watched ? registry : { audience: async () => new Map<string, SubscriberRef[]>() };
    const frames = recordsWith([frame(1), frame(2), frame(5, { room: 'b' })]);
    await createFanOut({ registry: watching, pacer, records, tiers, log })(frames);
    return { sent: records.values<Frame>(clusterTopic(0)).length, lines: log.lines };
  };
  const recorded = () => {
    const published: [string, Frame][] = [];
    const tier: Delivery = { publish: async (...each) => void published.push(each) };
    return { published, tier };
  };
  const expected = [
    ['global', frame(2)],
    ['b', frame(5, { room: 'b' })],
  ];

  test('gets one frame per room and second, however many subscribers the room has, even if it has none', async () => {
    for (const watched of [true, false]) {
      const { published, tier } = recorded();
      expect((await publishedBy([tier], watched)).sent).toBe(watched ? 2 : 0);
      expect(published).toEqual(expected);
    }
  });

  test('that fails does not affect the registered clients and other services', async () => {
    const { published, tier } = recorded();
    const failing: Delivery = { publish: () => Promise.reject(new Error('oops')) };
    const { sent, lines } = await publishedBy([failing, tier], true);
    expect([sent, published]).toEqual([2, expected]);
    expect(lines).toMatchObject([
      ['error', 'frame was not published', { room: 'global' }],
      ['error', 'frame was not published', { room: 'b' }],
    ]);
  });
});
