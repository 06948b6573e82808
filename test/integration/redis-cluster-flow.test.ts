import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import * as topics from '../../lib/config/topics.ts';
import { startMapping, type Rig } from '../../packages/serverless-offline-kafka-events/test/mapping-rig.ts';
import { ensureTopics } from '../../scripts/lib/topics.ts';
import { httpEvent } from '../support/events.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster.ts';
import { kafkaBrokers } from '../support/services.ts';
import { largestCounts, listen, type TcpClient } from '../support/tcp-client.ts';
import { until } from '../support/until.ts';

// All functions as they are deployed, connected by event source mappings, with a Redis Cluster of three shards.

/** So many that each shard has some. */
const ROOMS = Array.from({ length: 12 }, (_, n) => `room-${n}`);
const LAYOUT = { clusters: 1, subscribersPerCluster: 2 };
const FAILING = 1;

/** Other tests use the same broker, so the topics have names of their own. */
const prefix = `flow-${randomUUID()}-`;
const prefixed = {
  ...topics,
  REACTION_TOPIC: prefix + topics.REACTION_TOPIC,
  REACTION_GROUP: prefix + topics.REACTION_GROUP,
  UPDATE_TOPIC: prefix + topics.UPDATE_TOPIC,
  DEAD_LETTER_TOPIC: prefix + topics.DEAD_LETTER_TOPIC,
  clusterTopic: (cluster: number) => prefix + topics.clusterTopic(cluster),
  topicDefinitions: (layout: typeof LAYOUT) =>
    topics.topicDefinitions(layout).map((each) => ({ ...each, topic: prefix + each.topic })),
};
jest.unstable_mockModule('../../lib/config/topics.ts', () => prefixed);

/** Imported when the environment names the cluster, which they read once; one by one, as Jest needs it. */
const load = async () => {
  const { deps } = await import('../../lib/deps.ts');
  const { handler: ingest } = await import('../../functions/ingest.ts');
  const { handler: register } = await import('../../functions/register.ts');
  const { handler: live } = await import('../../functions/live.ts');
  const { handler: health } = await import('../../functions/health.ts');
  const { handler: aggregate } = await import('../../functions/aggregate.ts');
  const { handler: clusterFanout } = await import('../../functions/cluster-fanout.ts');
  const { handler: subscriberFanout } = await import('../../functions/subscriber-fanout.ts');
  const { handler: finalize } = await import('../../functions/finalize.ts');
  return { deps, ingest, register, live, health, aggregate, clusterFanout, subscriberFanout, finalize };
};

let cluster: RedisCluster;
let functions: Awaited<ReturnType<typeof load>>;
const mappings: Rig[] = [];
const clients = new Map<string, TcpClient>();
/** Room → taps answered 200. */
const accepted = new Map<string, number>();

beforeAll(async () => {
  const kafka = kafkaFor();
  [cluster] = await Promise.all([
    startRedisCluster(),
    withAdmin(kafka, (admin) => ensureTopics(admin, prefixed.topicDefinitions(LAYOUT))),
  ]);
  Object.assign(process.env, {
    REDIS_URL: cluster.addresses.map(({ host, port }) => `redis://${host}:${port}`).join(','),
    REDIS_MODE: 'cluster',
    CLUSTERS: String(LAYOUT.clusters),
    SUBSCRIBERS_PER_CLUSTER: String(LAYOUT.subscribersPerCluster),
    RATE_USER_PER_SECOND: '0', // faster than people tap
    LOG_LEVEL: 'silent',
  });
  functions = await load();
  const map = async (topic: string, handler: (event: never) => Promise<unknown>, groupId = `${topic}-group`) => {
    const properties = { Topics: [topic] as [string], MaximumBatchingWindowInSeconds: 0 };
    const options = { brokers: kafkaBrokers().split(','), groupId, keepEvents: false };
    mappings.push(await startMapping(properties, (event) => handler(event as never), options));
  };
  await Promise.all([
    map(prefixed.REACTION_TOPIC, functions.aggregate, prefixed.REACTION_GROUP),
    map(prefixed.UPDATE_TOPIC, functions.clusterFanout),
    map(prefixed.clusterTopic(0), functions.subscriberFanout),
  ]);
});
afterAll(async () => {
  await Promise.all(mappings.map((mapping) => mapping.stop()));
  await functions?.deps.close();
  await Promise.all([...clients.values()].map((client) => client.close()));
  await cluster?.stop();
});

const bodyOf = ({ body }: { body?: string | undefined }) => JSON.parse(body ?? '') as Record<string, unknown>;

/** One request with two taps in each room. */
const post = async (): Promise<void> => {
  const timestamp = new Date().toISOString();
  const events = ROOMS.flatMap((room_id, n) =>
    ['🔥', '❤️'].map((emoji_type) => ({ user_id: `u${n}`, emoji_type, timestamp, room_id, event_id: randomUUID() })),
  );
  expect(await functions.ingest(httpEvent({ body: { events } }))).toMatchObject({ statusCode: 200 });
  for (const room of ROOMS) accepted.set(room, (accepted.get(room) ?? 0) + 2);
};
const totalOf = async (room_id: string): Promise<number> => {
  const { totals } = bodyOf(await functions.live(httpEvent({ method: 'GET', query: { room_id } })));
  return (totals as { raw_count: number }[]).reduce((sum, { raw_count }) => sum + raw_count, 0);
};
const counted = async () => new Map(await Promise.all(ROOMS.map(async (room) => [room, await totalOf(room)] as const)));
const received = () =>
  new Map(
    [...clients].map(([room, client]) => [
      room,
      [...largestCounts(client.lines()).values()].reduce((a, b) => a + b, 0),
    ]),
  );
const allAreExact = () =>
  until('GET /live and every client have every tap', async () => {
    const [now, seen] = [await counted(), received()];
    return ROOMS.every((room) => now.get(room) === accepted.get(room) && seen.get(room) === accepted.get(room));
  });

/** How much the primary of a shard has written, and its replica received. */
const offsetsOf = (shard: number) =>
  Promise.all(
    [cluster.shards[shard]?.primary, cluster.shards[shard]?.replica].map(async (node) =>
      Number((await node?.info('replication'))?.get('master_repl_offset')),
    ),
  );

test('taps of many rooms are counted and delivered with a Redis Cluster, also while a shard fails over', async () => {
  for (const room_id of ROOMS) {
    const client = await listen();
    clients.set(room_id, client);
    const body = {
      client_id: `viewer-${room_id}`,
      host: '127.0.0.1',
      port: client.port,
      room_id,
    };
    expect(await functions.register(httpEvent({ body }))).toMatchObject({ statusCode: 200 });
  }
  await post();
  await allAreExact();
  for (const { primary } of cluster.shards) expect(await primary.redis.keys('emoji:*')).not.toEqual([]);

  // The replica of a shard lacks these counts, and is promoted while further taps arrive.
  await cluster.synced();
  cluster.freeze([FAILING]);
  await post();
  await allAreExact();
  const [written = 0, replicated = 0] = await offsetsOf(FAILING);
  expect(replicated).toBeLessThan(written);
  let isOver = false;
  const failover = cluster.failover([FAILING]).finally(() => (isOver = true));
  await until('the failover is over', async () => {
    await post();
    return isOver;
  });
  await failover;
  await post();
  await allAreExact();

  await functions.finalize({ runMs: 0 });
  expect(await counted()).toEqual(accepted);
  expect(await functions.health(httpEvent({ method: 'GET' }))).toMatchObject({ statusCode: 200 });
});
