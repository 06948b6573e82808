import { beforeEach, expect, test } from '@jest/globals';
import { clusterTopic, DEAD_LETTER_TOPIC } from '../lib/config/topics.ts';
import { mergeFrames, type Frame } from '../lib/domain/frame.ts';
import type { SubscriberRef } from '../lib/domain/registration.ts';
import { PlatformError } from '../lib/errors.ts';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { kafkaEvent } from '../test/support/events.ts';
import { formerUpdate, frame } from '../test/support/frames.ts';
import { createHandler } from './subscriber-fanout.ts';

let published: { subscriber: SubscriberRef; room: string; frame: Frame }[];
let records: RecordedLog;
let handler: ReturnType<typeof createHandler>;
let log: ReturnType<typeof recordedLogger>;
/** Rooms whose delivery fails, with the error. */
let failures: Map<string, Error>;
beforeEach(() => {
  published = [];
  failures = new Map();
  log = recordedLogger();
  records = new RecordedLog();
  handler = createHandler({
    deliveryOf: (subscriber) => ({
      publish: async (room, each) => {
        const failure = failures.get(room);
        if (failure) throw failure;
        published.push({ subscriber, room, frame: each });
      },
    }),
    records,
    log,
  });
});

test('each room and subscriber gets one frame with the largest count of each window and emoji', async () => {
  const of = (cluster: number, partition: number, ...frames: unknown[]) =>
    kafkaEvent(frames, { topic: clusterTopic(cluster), partition }).records;
  const hearts = frame(1, { emoji: '❤️' });
  await handler({
    records: {
      ...of(0, 0, frame(1), frame(2), hearts, frame(7, { room: 'b' })),
      ...of(0, 2, frame(2)),
      ...of(11, 0, frame(2)),
    },
  });
  const to = (cluster: number, subscriber: number) => ({ cluster, subscriber });
  expect(published).toEqual([
    { subscriber: to(0, 0), room: 'global', frame: mergeFrames(frame(2), hearts) },
    { subscriber: to(0, 0), room: 'b', frame: frame(7, { room: 'b' }) },
    { subscriber: to(0, 2), room: 'global', frame: frame(2) },
    { subscriber: to(11, 0), room: 'global', frame: frame(2) },
  ]);
});

test('an invalid record becomes a dead letter, and the others are delivered', async () => {
  await handler(kafkaEvent([frame(1), 'oops', frame(2)], { topic: clusterTopic(0) }));
  expect(published.map((each) => each.frame)).toEqual([frame(2)]);
  expect(records.values(DEAD_LETTER_TOPIC)).toMatchObject([{ topic: clusterTopic(0), offset: 1 }]);
});

test('a batch without readable frames delivers nothing', async () => {
  await handler(kafkaEvent(['oops', formerUpdate], { topic: clusterTopic(0) }));
  expect(published).toEqual([]);
  expect(records.values(DEAD_LETTER_TOPIC)).toMatchObject([{ offset: 0 }]);
});

const ofRooms = (...rooms: string[]) =>
  kafkaEvent(
    rooms.map((room) => frame(1, { room })),
    { topic: clusterTopic(0), partition: 2 },
  );

test('a room with a permanent error is skipped and logged, and the others are delivered', async () => {
  const error = new TypeError('oops');
  failures.set('b', error);
  await handler(ofRooms('a', 'b', 'c'));
  expect(published.map(({ room }) => room)).toEqual(['a', 'c']);
  expect(log.lines).toEqual([['error', 'room skipped', { room: 'b', cluster: 0, subscriber: 2, error }]]);
});

test('a store outage fails the batch, so that it is delivered again; other rooms are delivered before', async () => {
  failures.set('a', new PlatformError('store_unavailable', 'Redis does not answer'));
  await expect(handler(ofRooms('a', 'b'))).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(published.map(({ room }) => room)).toEqual(['b']);
  expect(log.lines).toEqual([]);
});
