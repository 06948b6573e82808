import { beforeEach, expect, test } from '@jest/globals';
import { clusterTopic, DEAD_LETTER_TOPIC } from '../lib/config/topics.ts';
import { PlatformError } from '../lib/errors.ts';
import type { SubscriberRef } from '../lib/domain/registration.ts';
import type { Frame } from '../lib/domain/update.ts';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { kafkaEvent } from '../test/support/events.ts';
import { update } from '../test/support/updates.ts';
import { createHandler } from './subscriber-fanout.ts';

let frames: { subscriber: SubscriberRef; room: string; frame: Frame }[];
let records: RecordedLog;
let handler: ReturnType<typeof createHandler>;
let log: ReturnType<typeof recordedLogger>;
/** Rooms that nothing can be delivered to, and why. */
let failures: Map<string, Error>;
beforeEach(() => {
  frames = [];
  failures = new Map();
  log = recordedLogger();
  records = new RecordedLog();
  handler = createHandler({
    deliveryOf: (subscriber) => ({
      publish: async (room, frame) => {
        const failure = failures.get(room);
        if (failure) throw failure;
        frames.push({ subscriber, room, frame });
      },
    }),
    records,
    log,
    windowMs: 2000,
  });
});

test('one frame a room and subscriber, with the newest count of each window and emoji', async () => {
  const of = (cluster: number, partition: number, ...updates: unknown[]) =>
    kafkaEvent(updates, { topic: clusterTopic(cluster), partition }).records;
  await handler({
    records: {
      ...of(0, 0, update(1), update(2), update(1, { emoji: '❤️' }), update(7, { room: 'b' })),
      ...of(0, 2, update(2)),
      ...of(11, 0, update(2)),
    },
  });
  const whole = { windowMs: 2000, updates: [update(2), update(1, { emoji: '❤️' })] };
  expect(frames).toEqual([
    { subscriber: { cluster: 0, subscriber: 0 }, room: 'global', frame: whole },
    {
      subscriber: { cluster: 0, subscriber: 0 },
      room: 'b',
      frame: { windowMs: 2000, updates: [update(7, { room: 'b' })] },
    },
    { subscriber: { cluster: 0, subscriber: 2 }, room: 'global', frame: { windowMs: 2000, updates: [update(2)] } },
    { subscriber: { cluster: 11, subscriber: 0 }, room: 'global', frame: { windowMs: 2000, updates: [update(2)] } },
  ]);
});

test('an update that cannot be read is set aside, the others are delivered', async () => {
  await handler(kafkaEvent([update(1), 'oops', update(2)], { topic: clusterTopic(0) }));
  expect(frames.map(({ frame }) => frame.updates)).toEqual([[update(2)]]);
  expect(records.values(DEAD_LETTER_TOPIC)).toMatchObject([{ topic: clusterTopic(0), offset: 1 }]);
});

test('nothing readable: nobody is told anything', async () => {
  await handler(kafkaEvent(['oops'], { topic: clusterTopic(0) }));
  expect(frames).toEqual([]);
});

const ofRooms = (...rooms: string[]) =>
  kafkaEvent(
    rooms.map((room) => update(1, { room })),
    { topic: clusterTopic(0), partition: 2 },
  );

test('a room that fails is left out and told in the log; the others are delivered, and the batch is done', async () => {
  const error = new TypeError('oops');
  failures.set('b', error);
  await handler(ofRooms('a', 'b', 'c'));
  expect(frames.map(({ room }) => room)).toEqual(['a', 'c']);
  expect(log.lines).toEqual([['error', 'room left out', { room: 'b', cluster: 0, subscriber: 2, error }]]);
});

test('a store that does not answer fails the batch, which comes again; other rooms have got theirs', async () => {
  failures.set('a', new PlatformError('store_unavailable', 'Redis does not answer'));
  await expect(handler(ofRooms('a', 'b'))).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(frames.map(({ room }) => room)).toEqual(['b']);
  expect(log.lines).toEqual([]);
});
