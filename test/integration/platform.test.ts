import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clusterTopic, REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { createHandler as createAggregate } from '../../functions/aggregate.ts';
import { createHandler as createClusterFanout } from '../../functions/cluster-fanout.ts';
import { createHandler as createFinalize } from '../../functions/finalize.ts';
import { createHandler as createIngest } from '../../functions/ingest.ts';
import { createHandler as createLive } from '../../functions/live.ts';
import { createHandler as createRegister } from '../../functions/register.ts';
import { createHandler as createSubscriberFanout } from '../../functions/subscriber-fanout.ts';
import { openAuthenticator } from '../../lib/usecases/authorization.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisPacer } from '../../lib/adapters/redis/pacer.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { AddressPolicy } from '../../lib/adapters/tcp/address-policy.ts';
import { TcpDelivery } from '../../lib/adapters/tcp/delivery.ts';
import { createDeliverToClients } from '../../lib/usecases/deliver-to-clients.ts';
import { createCounter, type Counter } from '../../lib/usecases/count-taps.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import type { RecordLog } from '../../lib/ports.ts';
import { unlimited } from '../support/doubles.ts';
import { httpEvent, kafkaEvent } from '../support/events.ts';
import { createPlatformTopics, kafkaFor, openRecords, readTopic } from '../support/kafka.ts';
import { prefixedReader } from '../support/prefixed.ts';
import { emptyRedis, kafkaBrokers, quiet, STORE } from '../support/services.ts';
import { listen, largestCounts, type Behaviour, type TcpClient } from '../support/tcp-client.ts';
import { until } from '../support/until.ts';

// All handlers with their real adapters. The tests themselves act as the event source mappings: they decide which
// records a batch contains and how often it is delivered.

const LAYOUT = { clusters: 2, subscribersPerCluster: 3 };
const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const prefix = `platform-${randomUUID()}-`;
const reader = kafkaFor();

let redis: RedisClient;
let kafkaRecords: ReturnType<typeof openRecords>;
let registry: RedisRegistry;
let store: RedisCountStore;
let counter: Counter;
let delivery: TcpDelivery;
const clients = new Map<string, TcpClient>();
const dead: string[] = [];

/** Writes to the platform's topics with a prefix that only this file uses. */
const records: RecordLog = { append: (topic, outgoing) => kafkaRecords.log.append(prefix + topic, outgoing) };

beforeAll(async () => {
  redis = await emptyRedis('platform');
  await createPlatformTopics(reader, prefix, LAYOUT);
  kafkaRecords = openRecords(createKafka(loadConfig({ KAFKA_BROKERS: kafkaBrokers() }), quiet));
  registry = new RedisRegistry(redis, { ...LAYOUT, clientTtl: 600 });
  store = new RedisCountStore(redis, { ...settings, ...STORE });
  counter = createCounter({
    store,
    records,
    reader: prefixedReader(kafkaRecords.reader, prefix),
    clock,
    log: quiet,
    settings,
    shortCodes: [],
  });
  delivery = new TcpDelivery({
    addressesOf: (host, port) => addresses.addressesOf(host, port),
    connectTimeoutMs: 1000,
    connectsPerAddress: 1000,
    stallMs: 5000,
    giveUpMs: 0,
    waitMs: 50,
    onDead: (id) => dead.push(id),
  });
});
afterAll(async () => {
  delivery.close();
  await Promise.all([...clients.values()].map((client) => client.close()));
  await kafkaRecords.close();
  await redis.quit();
});

const addresses = new AddressPolicy(['localhost', '127.0.0.0/8', '::1']);
const clock = Date.now;
const register = async (client_id: string, room_id: string, behaviour?: Behaviour) => {
  const client = await listen(behaviour);
  clients.set(client_id, client);
  const handler = createRegister({
    auth: openAuthenticator,
    registry,
    admission: unlimited,
    checkHost: (host, port) => addresses.addressesOf(host, port),
    clock,
    log: quiet,
  });
  const body = { client_id, host: '127.0.0.1', port: client.port, room_id };
  expect(await handler(httpEvent({ body }))).toMatchObject({ statusCode: 200 });
  return client;
};
/** Posts the taps. Returns how many were accepted. */
const post = async (...taps: Record<string, unknown>[]): Promise<number> => {
  const handler = createIngest({
    auth: openAuthenticator,
    records,
    admission: unlimited,
    clock,
    log: quiet,
    shortCodes: [],
  });
  const events = taps.map((tap) => ({ user_id: 'u', timestamp: new Date().toISOString(), ...tap }));
  const { statusCode, body } = await handler(httpEvent({ body: { events } }));
  expect(statusCode).toBe(200);
  return (JSON.parse(body ?? '') as { accepted: number }).accepted;
};

/** Reads the topic's records from these offsets on. Returns one event with all partitions. */
const batchOf = async (topic: string, from: ReadonlyMap<number, number> = new Map()) => {
  const all = await readTopic(reader, prefix + topic);
  const ends = new Map<number, number>();
  const events = [...new Set(all.map(({ partition }) => partition))].map((partition) => {
    const values = all.filter((record) => record.partition === partition);
    ends.set(partition, values.length);
    const start = from.get(partition) ?? 0;
    return kafkaEvent(
      values.slice(start).map(({ value }) => value),
      { topic, partition, from: start },
    ).records;
  });
  return { event: { records: Object.assign({}, ...events) as ReturnType<typeof kafkaEvent>['records'] }, ends };
};
const aggregate = (event: Parameters<ReturnType<typeof createAggregate>>[0]) => createAggregate({ counter })(event);
const readSoFar = new Map<string, Map<number, number>>();
/** An event with the new records of the topic since the last call. */
const next = async (topic: string) => {
  const { event, ends } = await batchOf(topic, readSoFar.get(topic));
  readSoFar.set(topic, ends);
  return event;
};
const fanOut = async () => {
  const pacer = new RedisPacer(redis, 10);
  await createClusterFanout({ registry, pacer, records, log: quiet })(await next(UPDATE_TOPIC));
  const toClients = createSubscriberFanout({
    deliveryOf: createDeliverToClients({ registry, transports: { tcp: delivery } }),
    records,
    log: quiet,
  });
  for (let cluster = 0; cluster < LAYOUT.clusters; cluster++) await toClients(await next(clusterTopic(cluster)));
};
const totalOf = (client: TcpClient) =>
  [...largestCounts(client.lines()).values()].reduce((sum, count) => sum + count, 0);
const loads = async () => [...(await registry.loads()).values()].flatMap((each) => [...each.values()]);
const live = async (room_id: string) => {
  const handler = createLive({
    admission: unlimited,
    auth: openAuthenticator,
    isPublic: true,
    counts: store,
    windowMs: settings.windowMs,
    ratio: settings.ratio,
    socketUrl: 'ws://localhost:3001',
    log: quiet,
  });
  const { body } = await handler(httpEvent({ method: 'GET', query: { room_id } }));
  return JSON.parse(body ?? '') as { totals: { emoji_type: string; raw_count: number }[]; late: number };
};

test('50 clients are spread evenly and get every accepted tap, also after redelivered batches', async () => {
  const viewers = await Promise.all(Array.from({ length: 50 }, (_, n) => register(`viewer-${n}`, 'final')));
  const balanced = await loads();
  expect(balanced).toHaveLength(6);
  expect(Math.max(...balanced) - Math.min(...balanced)).toBeLessThanOrEqual(1);
  expect(balanced.reduce((sum, load) => sum + load)).toBe(50);

  let accepted = 0;
  for (let n = 0; n < 10; n++) {
    const taps = Array.from({ length: 20 }, (_, k) => ({
      emoji_type: k % 3 === 0 ? '❤' : '🔥',
      count: 1 + (k % 4),
      room_id: 'final',
    }));
    accepted += await post(...taps);
    // Redelivered from the beginning or from the middle, and completely again, as after crashes and rebalances.
    const { event } = await batchOf(REACTION_TOPIC, n % 2 ? new Map([[0, n]]) : new Map());
    await aggregate(event);
    if (n % 3 === 0) await aggregate(event);
    if (n % 4 === 3) await fanOut();
  }
  await fanOut();
  await until('every client has all taps', () => viewers.every((viewer) => totalOf(viewer) === accepted));
  const { totals } = await live('final');
  expect(totals.reduce((sum, { raw_count }) => sum + raw_count, 0)).toBe(accepted);
  for (const { connections } of viewers) expect(connections).toBe(1);
});

test('taps of one room are spread over all partitions', async () => {
  const room_id = 'hot';
  await post(...Array.from({ length: 40 }, () => ({ emoji_type: '🔥', room_id })));
  const written = (await readTopic(reader, prefix + REACTION_TOPIC)).filter(({ value }) => value.includes('"hot"'));
  expect([0, 1, 2, 3].map((p) => written.filter(({ partition }) => partition === p).length)).toEqual([10, 10, 10, 10]);
});

test('the clients of a removed subscriber are spread over the others and miss nothing', async () => {
  expect(await registry.removeSubscriber({ cluster: 0, subscriber: 1 })).toBeGreaterThan(0);
  const left = (await registry.loads()).get(0) ?? new Map<number, number>();
  expect([...left.keys()]).toEqual([0, 2]);
  expect(Math.abs((left.get(0) ?? 0) - (left.get(2) ?? 0))).toBeLessThanOrEqual(1);

  await post({ emoji_type: '🎉', count: 9, room_id: 'final' });
  await aggregate((await batchOf(REACTION_TOPIC)).event);
  await fanOut();
  await until('all clients have the new count', () =>
    [...clients.values()].every((client) =>
      client.lines().some(({ emoji_type, raw_count }) => emoji_type === '🎉' && raw_count === 9),
    ),
  );
});

test('a client that reads nothing does not delay the others', async () => {
  const slow = await register('slow', 'crowd', { connected: (socket) => socket.pause() });
  const quick = await Promise.all(['q1', 'q2', 'q3'].map((id) => register(id, 'crowd')));
  let accepted = 0;
  for (let n = 0; n < 3; n++) {
    accepted += await post({ emoji_type: '🔥', count: 5, room_id: 'crowd' });
    await aggregate((await batchOf(REACTION_TOPIC)).event);
    await fanOut();
    await until('the others have all taps', () => quick.every((viewer) => totalOf(viewer) === accepted));
  }
  expect(totalOf(slow)).toBe(0);
  for (const socket of slow.sockets) socket.resume();
  await until('the slow client has all taps', () => totalOf(slow) === accepted);
  expect(dead).toEqual([]);
});

test('a room without new taps gets its final update; late taps are counted separately', async () => {
  const viewer = await register('patient', 'silent');
  const long = new Date(Date.now() - 60_000).toISOString();
  const accepted = await post({ emoji_type: '🔥', count: 3, room_id: 'silent' });
  await post({ emoji_type: '🔥', count: 2, room_id: 'silent', timestamp: long });
  await aggregate((await batchOf(REACTION_TOPIC)).event);
  const later = () => Date.now() + 30_000;
  const finalize = createFinalize({ store, records, registry, counter, clock: later, log: quiet, settings });
  await finalize({ runMs: 0 });
  await fanOut();
  await until('the final update arrives', () => viewer.lines().some((line) => line.final));
  expect(
    viewer
      .lines()
      .filter((line) => line.final)
      .map((line) => line.raw_count),
  ).toEqual([accepted]);
  expect(await live('silent')).toMatchObject({ totals: [{ raw_count: 3 }], late: 2 });
});
