import { beforeEach, expect, test } from '@jest/globals';
import { clusterTopic, DEAD_LETTER_TOPIC } from '../lib/config/topics.ts';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { PlatformError } from '../lib/errors.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import type { Update } from '../lib/domain/update.ts';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { kafkaEvent } from '../test/support/events.ts';
import { update } from '../test/support/updates.ts';
import { createHandler } from './cluster-fanout.ts';

let registry: MemoryRegistry;
let records: RecordedLog;
/** What the pacer says for each room the next times; afterwards every turn is granted. */
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
const run = (...updates: unknown[]) =>
  createHandler({ registry, pacer, records, log })(kafkaEvent(updates, { topic: 'main_emoji_topic' }));
const watch = async (count: number, room_id = 'global') => {
  for (let n = 0; n < count; n++)
    await registry.register(registrationSchema.parse({ client_id: `${room_id}-${n}`, port: 6000, room_id }), 0);
};
const sent = (cluster: number) =>
  records.records(clusterTopic(cluster)).map(({ key, partition, value }) => {
    const { emoji_type, raw_count } = JSON.parse(value) as Update;
    return [partition, key, emoji_type, raw_count];
  });

test('each subscriber with viewers gets one record per window and emoji, with the newest count', async () => {
  await watch(6);
  await run(update(1), update(3), update(2), update(5, { emoji: '❤️' }), update(3));
  for (const cluster of [0, 1])
    expect(sent(cluster)).toEqual(
      [0, 1, 2].flatMap((partition) => [
        [partition, 'global', '🔥', 3],
        [partition, 'global', '❤️', 5],
      ]),
    );
});

test('only subscribers that have a viewer of the room', async () => {
  await watch(1, 'a');
  await watch(1, 'b');
  await run(update(1, { room: 'a' }), update(2, { room: 'b' }));
  expect([...sent(0), ...sent(1)].map(([, room, , count]) => [room, count])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
});

test('a room that nobody watches costs nothing: no record, no turn', async () => {
  await run(update(1));
  expect(records.topics).toEqual([]);
  expect(claims).toEqual([]);
});

test('a room whose turn has not come is held until it has, and holds no other', async () => {
  await watch(1, 'slow');
  await watch(1, 'fast');
  waits.set('slow', [5, 5]);
  await run(update(1, { room: 'slow' }), update(2, { room: 'fast' }));
  expect(claims).toEqual([['slow', 'fast'], ['slow'], ['slow']]);
  expect([...sent(0), ...sent(1)].map(([, room]) => room).sort()).toEqual(['fast', 'slow']);
});

test('final stays final', async () => {
  await watch(1);
  await run(update(3), update(3, { final: true }), update(3));
  expect(records.values<Update>(clusterTopic(0))).toEqual([update(3, { final: true })]);
});

test('a failure to pass on is a failure of the batch', async () => {
  await watch(1);
  records.failure = new PlatformError('broker_unavailable', 'down');
  await expect(run(update(1))).rejects.toThrow('down');
});

test('a subscriber without a partition costs its own rooms an update, which the log tells, and no other', async () => {
  await watch(1, 'a'); // cluster 0, subscriber 0
  await watch(1, 'b'); // cluster 1, subscriber 0
  await watch(1, 'c'); // cluster 0, subscriber 1
  const append = records.append.bind(records);
  const missing = new PlatformError('not_found', 'topic cluster_0_emoji has no partition 1');
  records.append = (topic, outgoing) =>
    topic === clusterTopic(0) && outgoing.some(({ partition }) => partition === 1)
      ? Promise.reject(missing)
      : append(topic, outgoing);
  await run(...['a', 'b', 'c'].map((room) => update(1, { room })));
  expect([...sent(0), ...sent(1)].map(([, room]) => room)).toEqual(['a', 'b']);
  expect(log.lines).toEqual([
    ['error', 'room left out', { room: 'c', topic: clusterTopic(0), subscriber: 1, error: missing }],
  ]);
});

test('an update that cannot be read is set aside, the others are passed on', async () => {
  await watch(1);
  await run(update(1), '{"room_id":', { ...update(2), raw_count: -1 }, update(3));
  expect(sent(0)).toEqual([[0, 'global', '🔥', 3]]);
  expect(records.values(DEAD_LETTER_TOPIC)).toMatchObject([{ offset: 1 }, { offset: 2 }]);
});
