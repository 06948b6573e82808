import { beforeEach, expect, test } from '@jest/globals';
import { clusterTopic, DEAD_LETTER_TOPIC } from '../lib/config/topics.ts';
import { mergeFrames, type Frame } from '../lib/domain/frame.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { PlatformError } from '../lib/errors.ts';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { kafkaEvent } from '../test/support/events.ts';
import { formerUpdate, frame } from '../test/support/frames.ts';
import { createHandler } from './cluster-fanout.ts';

let registry: MemoryRegistry;
let records: RecordedLog;
/** The next answers of the pacer for each room; afterwards every turn is granted. */
let waits: Map<string, number[]>;
let claims: string[][];
let log: ReturnType<typeof recordedLogger>;
beforeEach(() => {
  registry = new MemoryRegistry({ clusters: 2, subscribersPerCluster: 3, clientTtl: 60 });
  records = new RecordedLog();
  waits = new Map();
  claims = [];
  log = recordedLogger();
});

const pacer = {
  claim: async (rooms: readonly string[]) => {
    claims.push([...rooms]);
    return new Map(rooms.map((room) => [room, waits.get(room)?.shift() ?? 0]));
  },
};
const run = (...values: unknown[]) =>
  createHandler({ registry, pacer, records, log })(kafkaEvent(values, { topic: 'main_emoji_topic' }));
const watch = async (count: number, room_id = 'global') => {
  for (let n = 0; n < count; n++)
    await registry.register(registrationSchema.parse({ client_id: `${room_id}-${n}`, port: 6000, room_id }), 0);
};
const sent = (cluster: number) =>
  records
    .records(clusterTopic(cluster))
    .map(({ key, partition, value }) => [partition, key, JSON.parse(value) as Frame] as const);
const roomsSent = () => [0, 1].flatMap((cluster) => sent(cluster).map(([, room]) => room));

test('each subscriber with viewers gets one record for each room, in which the frames are merged', async () => {
  await watch(6);
  await run(frame(1), frame(3), frame(2), frame(5, { emoji: '❤️' }), frame(4, { start: 2000, total: 9 }));
  const merged: Frame = {
    ...frame(0),
    windows: [
      { start: '1970-01-01T00:00:00.000Z', counts: { '🔥': 3, '❤️': 5 } },
      { start: '1970-01-01T00:00:02.000Z', counts: { '🔥': 4 } },
    ],
    totals: { '🔥': 9, '❤️': 5 },
  };
  for (const cluster of [0, 1])
    expect(sent(cluster)).toEqual([0, 1, 2].map((partition) => [partition, 'global', merged]));
});

test('subscribers without a viewer of the room get no record', async () => {
  await watch(1, 'a');
  await watch(1, 'b');
  await run(frame(1, { room: 'a' }), frame(2, { room: 'b' }));
  expect([...sent(0), ...sent(1)].map(([, room, { totals }]) => [room, totals])).toEqual([
    ['a', { '🔥': 1 }],
    ['b', { '🔥': 2 }],
  ]);
});

test('a room without viewers causes no record and claims no turn', async () => {
  await run(frame(1));
  expect(records.topics).toEqual([]);
  expect(claims).toEqual([]);
});

test('a room waits for its turn and delays no other room', async () => {
  await watch(1, 'slow');
  await watch(1, 'fast');
  waits.set('slow', [5, 5]);
  await run(frame(1, { room: 'slow' }), frame(2, { room: 'fast' }));
  expect(claims).toEqual([['slow', 'fast'], ['slow'], ['slow']]);
  expect(roomsSent().sort()).toEqual(['fast', 'slow']);
});

test('merged frames keep their final marks', async () => {
  await watch(1);
  await run(frame(3), frame(3, { final: true }), frame(3));
  expect(records.values(clusterTopic(0))).toEqual([frame(3, { final: true })]);
});

test('a failed append fails the batch', async () => {
  await watch(1);
  records.failure = new PlatformError('broker_unavailable', 'down');
  await expect(run(frame(1))).rejects.toThrow('down');
});

test('a subscriber without a partition is skipped and logged, and the others get their frames', async () => {
  await watch(1, 'a'); // cluster 0, subscriber 0
  await watch(1, 'b'); // cluster 1, subscriber 0
  await watch(1, 'c'); // cluster 0, subscriber 1
  const append = records.append.bind(records);
  const missing = new PlatformError('not_found', 'topic cluster_0_emoji has no partition 1');
  records.append = (topic, outgoing) =>
    topic === clusterTopic(0) && outgoing.some(({ partition }) => partition === 1)
      ? Promise.reject(missing)
      : append(topic, outgoing);
  await run(...['a', 'b', 'c'].map((room) => frame(1, { room })));
  expect(roomsSent()).toEqual(['a', 'b']);
  expect(log.lines).toEqual([
    ['error', 'room skipped', { room: 'c', topic: clusterTopic(0), subscriber: 1, error: missing }],
  ]);
});

test('an invalid record becomes a dead letter, and the others are sent', async () => {
  await watch(1);
  const negative = { ...frame(2), totals: { '🔥': -1 } };
  await run(frame(1), '{"room_id":', negative, { ...frame(2), v: 2 }, frame(3));
  expect(sent(0)).toEqual([[0, 'global', mergeFrames(frame(1), frame(3))]]);
  expect(records.values(DEAD_LETTER_TOPIC)).toMatchObject([{ offset: 1 }, { offset: 2 }, { offset: 3 }]);
});

test('a record in the former format is skipped and does not become a dead letter', async () => {
  await watch(1);
  await run(formerUpdate, frame(2), formerUpdate);
  expect(sent(0)).toEqual([[0, 'global', frame(2)]]);
  expect(records.topics).toEqual([clusterTopic(0)]);
});
