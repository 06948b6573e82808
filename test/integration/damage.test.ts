import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createHandler as createClusterFanout } from '../../functions/cluster-fanout.ts';
import { createHandler as createSubscriberFanout } from '../../functions/subscriber-fanout.ts';
import { clusterTopic, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisPacer } from '../../lib/adapters/redis/pacer.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { TcpDelivery } from '../../lib/adapters/tcp/delivery.ts';
import { createDeliverToClients } from '../../lib/usecases/deliver-to-clients.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import type { Frame } from '../../lib/domain/frame.ts';
import { RecordedLog } from '../support/doubles.ts';
import { kafkaEvent } from '../support/events.ts';
import { frame } from '../support/frames.ts';
import { emptyRedis, quiet } from '../support/services.ts';
import { listen } from '../support/tcp-client.ts';
import { until } from '../support/until.ts';

// Redis keys may be damaged, by hand or by another program: that must affect only the room of the key.

const NOW = 1_760_000_000_000;
let redis: RedisClient;
let registry: RedisRegistry;
let damages: { room: string; entry?: string; reason: string }[];
let records: RecordedLog;
beforeAll(async () => {
  redis = await emptyRedis('damage');
});
afterAll(() => redis.quit());
beforeEach(async () => {
  await redis.flushdb();
  damages = [];
  records = new RecordedLog();
  registry = new RedisRegistry(redis, {
    ...{ clusters: 1, subscribersPerCluster: 1, clientTtl: 60 },
    onDamaged: (damage) => damages.push(damage),
  });
});

const watch = (client_id: string, room_id: string, port = 6000, now = NOW) =>
  registry.register(registrationSchema.parse({ client_id, room_id, port }), now);
const fanOut = (...rooms: string[]) =>
  createClusterFanout({ registry, pacer: new RedisPacer(redis, 50), records, log: quiet })(
    kafkaEvent(
      rooms.map((room) => frame(1, { room })),
      { topic: UPDATE_TOPIC },
    ),
  );
const sent = () => records.values<Frame>(clusterTopic(0)).map(({ room_id }) => room_id);

test.each([
  ['of the wrong type', (key: string) => redis.set(key, 'oops')],
  ['with invalid entries', (key: string) => redis.hset(key, { oops: 1, '7:0': 1, '0:0:0': 1, '-1:0': 1 })],
])('an audience key %s: the other rooms get their updates', async (_what, damage) => {
  await watch('a', 'sound');
  await redis.del('{registry}:audience:broken');
  await damage('{registry}:audience:broken');
  await fanOut('broken', 'sound');
  expect(sent()).toEqual(['sound']);
  expect(new Set(damages.map(({ room }) => room))).toEqual(new Set(['broken']));
});

test('a pace key with no TTL or a TTL of an hour blocks no room for longer than one turn', async () => {
  await watch('a', 'endless');
  await watch('b', 'distant');
  await redis.set('pace:endless', 'oops');
  await redis.set('pace:distant', 'oops', 'EX', 3600);
  const began = performance.now();
  await fanOut('endless', 'distant');
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(sent().sort()).toEqual(['distant', 'endless']);
});

test('a pace key of the wrong type blocks no room', async () => {
  await watch('a', 'list');
  await redis.lpush('pace:list', 'oops');
  await fanOut('list');
  expect(sent()).toEqual(['list']);
});

test('a viewers key of the wrong type and invalid entries: the other clients get their lines', async () => {
  const client = await listen();
  await watch('a', 'broken');
  const good = { client_id: 'good', room_id: 'sound', host: '127.0.0.1', port: client.port };
  await registry.register(registrationSchema.parse(good), NOW);
  await redis.zadd('{registry}:viewers:sound', 0, 'bad', 0, 'worse x 127.0.0.1');
  await redis.set('{registry}:viewers:broken', 'oops');
  const delivery = new TcpDelivery({
    addressesOf: async (host) => [host],
    connectTimeoutMs: 1000,
    connectsPerAddress: 1000,
    stallMs: 1000,
    giveUpMs: 0,
    onDead: () => undefined,
  });
  const handler = createSubscriberFanout({
    deliveryOf: createDeliverToClients({ registry, transports: { tcp: delivery } }),
    records,
    log: quiet,
  });
  await handler(
    kafkaEvent(
      ['broken', 'sound'].map((room) => frame(1, { room })),
      { topic: clusterTopic(0) },
    ),
  );
  await until('the line arrives', () => client.lines().length > 0);
  expect(client.lines()).toMatchObject([{ room_id: 'sound' }]);
  expect(damages.map(({ room, entry }) => [room, entry])).toEqual([
    ['broken', undefined],
    ['sound', 'bad'],
    ['sound', 'worse x 127.0.0.1'],
  ]);
  delivery.close();
  await client.close();
});

test.each([
  '{registry}:audience:r',
  '{registry}:viewers:r',
  '{registry}:client:c',
  '{registry}:clients_by_source',
  '{registry}:clusters_by_load',
  '{registry}:subscribers_by_load:0',
  'cluster_0_subscribers',
])('%s of the wrong type: clients still expire, and a new registration restores the key', async (key) => {
  await watch('c', 'r');
  await watch('other', 'elsewhere');
  await redis.del(key);
  await redis.set(key, 'oops');
  await watch('c', 'r', 7000);
  expect([...(await registry.audience(['r'])).keys()]).toEqual(['r']);
  expect((await registry.clients({ cluster: 0, subscriber: 0 }, ['r'])).get('r')).toEqual([
    { transport: 'tcp', id: 'c', host: 'localhost', port: 7000 },
  ]);
  await redis.del(key);
  await redis.set(key, 'oops');
  expect(await registry.expire(NOW + 60_001)).toBe(2);
});
