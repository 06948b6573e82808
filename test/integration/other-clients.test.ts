import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Kafka, Producer } from 'kafkajs';
import { startLocalInfra, type LocalInfra } from '../../infra/local/index.ts';
import { correctSettings } from '../../lib/adapters/kafka/topic-settings.ts';
import { REACTION_GROUP, REACTION_TOPIC, topicDefinitions } from '../../lib/config/topics.ts';
import { recordBatches } from '../../packages/kafka-records/src/record-batches.ts';
import { startMapping, type Rig } from '../../packages/serverless-offline-kafka-events/test/mapping-rig.ts';
import { ensureTopics } from '../../scripts/lib/topics.ts';
import { aggregateWith } from '../support/aggregate-once.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';

// Records as programs other than ingest write them to `emoji_topic`. What the event source mapping reads must be
// counted, and counted again when Redis has lost the counts.

const TAPS = 5;
/** By number, as in the header of a stored batch. */
const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
type Codec = keyof typeof CODECS;

let infra: LocalInfra;
let dataDir: string;
let kafka: Kafka;
let producer: Producer;
let aggregate: ReturnType<typeof aggregateWith>;
let mapping: Rig | undefined;
/** Room → taps that must be counted in it. */
const expected = new Map<string, number>();
let records = 0;

const valueOf = (room_id: string, fields: object = {}): string => {
  const now = new Date().toISOString();
  return JSON.stringify({ user_id: 'u', emoji_type: '🔥', timestamp: now, received_at: now, room_id, ...fields });
};
const tapsOf = (room: string, fields: object = {}, partition = 0) =>
  Array.from({ length: TAPS }, () => ({ partition, value: valueOf(room, fields) }));
const expectTaps = (room: string): void => {
  expected.set(room, (expected.get(room) ?? 0) + TAPS);
  records += TAPS;
};
const send = async (room: string, fields: object = {}, partition = 0): Promise<void> => {
  await producer.send({ topic: REACTION_TOPIC, messages: tapsOf(room, fields, partition) });
  expectTaps(room);
};

/** Lets the broker, which is a Java program as many other clients are, store batches with this codec. */
const sendCompressed = async (codec: Codec): Promise<void> => {
  const setting = { topic: REACTION_TOPIC, setting: 'compression.type', is: '', shouldBe: codec };
  await withAdmin(kafka, (admin) => correctSettings(admin, [setting]));
  const log = join(dataDir, 'kafka', `${REACTION_TOPIC}-0`, '00000000000000000000.log');
  // The setting may take effect a moment after the call.
  await until(`a batch is stored with ${codec}`, async () => {
    await send(codec);
    return [...recordBatches(readFileSync(log))].some(({ compression }) => compression === CODECS[codec]);
  });
};

const sendTransactions = async (): Promise<void> => {
  const transactional = kafka.producer({ transactionalId: 'other', idempotent: true, maxInFlightRequests: 1 });
  await transactional.connect();
  for (const end of ['commit', 'abort', 'commit', 'abort'] as const) {
    const transaction = await transactional.transaction();
    await transaction.send({ topic: REACTION_TOPIC, messages: tapsOf('transactions') });
    await transaction[end]();
    if (end === 'commit') expectTaps('transactions');
  }
  await transactional.disconnect();
};

beforeAll(async () => {
  process.env.LOG_LEVEL = 'silent'; // of the script
  // Its own broker and Redis, since it changes settings, deletes records of `emoji_topic` and empties Redis.
  dataDir = mkdtempSync(join(tmpdir(), 'emoji-streaming-other-'));
  infra = await startLocalInfra({ dataDir, kafkaPort: 0, redisPort: 0, env: {} });
  kafka = kafkaFor(infra.kafkaBrokers);
  await withAdmin(kafka, (admin) => ensureTopics(admin, topicDefinitions({ clusters: 1, subscribersPerCluster: 1 })));
  const { kafkaBrokers: brokers, redisUrl } = infra;
  aggregate = aggregateWith({ brokers, redisUrl, prefix: '', crash: 'never' });
  producer = kafka.producer();
  await producer.connect();

  for (const codec of Object.keys(CODECS) as Codec[]) await sendCompressed(codec);
  // Last in their partition, so that it ends with an aborted transaction.
  await sendTransactions();
  await send('without-received_at', { received_at: undefined }, 1);
  await send('without-zone', { received_at: undefined, timestamp: '2026-05-01T20:45:00' }, 1);

  const definition = { Topics: [REACTION_TOPIC] as [string] };
  mapping = await startMapping(definition, (event) => aggregate.handler(event as never), {
    brokers: [brokers],
    groupId: REACTION_GROUP,
  });
});
afterAll(async () => {
  await mapping?.stop();
  await producer.disconnect();
  await aggregate.close();
  await infra.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
const { run } = scripts();
/** The modules of the script read the environment once, and their connections are closed at its end. */
const rebuild = (...args: string[]) => {
  jest.resetModules();
  return run('rebuild', args, { KAFKA_BROKERS: infra.kafkaBrokers, REDIS_URL: infra.redisUrl });
};

const snapshots = async () =>
  new Map(
    await Promise.all([...expected.keys()].map(async (room) => [room, await aggregate.store.snapshot(room)] as const)),
  );
const totals = async () =>
  new Map([...(await snapshots())].map(([room, counts]) => [room, counts.totals.get('🔥') ?? 0]));
const isRead = () =>
  until('the mapping has committed everything', () =>
    withAdmin(kafka, async (admin) => {
      const [committed] = await admin.fetchOffsets({ groupId: REACTION_GROUP, topics: [REACTION_TOPIC] });
      const offsets = new Map(committed?.partitions.map(({ partition, offset }) => [partition, offset]));
      const ends = await admin.fetchTopicOffsets(REACTION_TOPIC);
      return ends.every(({ partition, high }) => high === '0' || offsets.get(partition) === high);
    }),
  );

test('compressed batches, committed transactions and records without received_at are counted', async () => {
  await isRead();
  expect(await totals()).toEqual(expected);
  for (const { windows, totals: all } of (await snapshots()).values()) {
    const inWindows = windows.reduce((sum, { counts }) => sum + (counts.get('🔥') ?? 0), 0);
    expect(inWindows).toBe(all.get('🔥'));
  }
});

test('rebuild counts them again, in the same windows, with exit code 0', async () => {
  const before = await snapshots();
  await aggregate.redis.flushall();
  expect([...(await totals()).values()].every((total) => total === 0)).toBe(true);
  expect(await rebuild()).toMatchObject({ code: 0, stderr: '', stdout: `${records} records were counted again.\n` });
  const after = await snapshots();
  for (const [room, { windows }] of before) {
    const counts = (all: typeof windows) => all.map(({ start, counts: each }) => [start, each]);
    expect([room, counts(after.get(room)?.windows ?? [])]).toEqual([room, counts(windows)]);
  }
  expect(await totals()).toEqual(expected);
});

test('the next tap makes them be counted again, and is counted itself', async () => {
  await aggregate.redis.flushall();
  for (const partition of [0, 1]) await send('next', {}, partition); // each shows what its partition lacks
  await isRead();
  expect(await totals()).toEqual(expected);
});

test('rebuild reports records that the topic no longer has as lost, with exit code 1', async () => {
  const lost = 2 * TAPS - 1;
  for (let n = 0; n < 3; n++) await send('lost', {}, 3);
  await isRead();
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(REACTION_TOPIC); // kafkajs has to know the topic
    await admin.deleteTopicRecords({ topic: REACTION_TOPIC, partitions: [{ partition: 3, offset: String(lost) }] });
  });
  const remaining = new Map([...expected, ['lost', 3 * TAPS - lost]]);
  await aggregate.redis.flushall();
  const { code, stdout, stderr } = await rebuild();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`${lost} records can't be counted again: emoji_topic no longer has them.`);
  expect(stderr).toContain(`${records - lost} were counted again.`);
  // The records that the topic still has are counted, and only once.
  expect(await totals()).toEqual(remaining);
  await rebuild();
  expect(await totals()).toEqual(remaining);
  // --all counts everything again: the same records are lost and reported again.
  expect(await rebuild('--all')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${lost} records`),
  });
  expect(await totals()).toEqual(remaining);
});
