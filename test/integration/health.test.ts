import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Admin, Kafka } from 'kafkajs';
import { KafkaAdmin } from '../../lib/adapters/kafka/admin.ts';
import { BrokerCheck } from '../../lib/adapters/kafka/broker-check.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { correctSettings, topicProblems } from '../../lib/adapters/kafka/topic-settings.ts';
import { createRedis, type RedisClient, type RedisMode } from '../../lib/adapters/redis/client.ts';
import { evictionProblems, refuseEviction } from '../../lib/adapters/redis/eviction.ts';
import type { TopicDefinition } from '../../lib/config/topics.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { recordedLogger } from '../support/doubles.ts';
import { createTopic, kafkaFor, withAdmin } from '../support/kafka.ts';
import { startRedisServers, startSmallCluster, type RedisServers } from '../support/redis-servers.ts';
import { kafkaBrokers, quiet } from '../support/services.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const act of undo.splice(0).reverse()) await act();
});

const kafkaAt = (brokers: string): Kafka => createKafka(loadConfig({ KAFKA_BROKERS: brokers }), quiet);

describe('BrokerCheck', () => {
  const checkOf = (kafka: Kafka, options: Partial<ConstructorParameters<typeof BrokerCheck>[1]> = {}) => {
    const admin = new KafkaAdmin(kafka);
    undo.push(() => admin.close());
    return new BrokerCheck(admin, { topics: [], log: quiet, ...options });
  };

  test('uses one connection for all checks', async () => {
    const kafka = kafkaAt(kafkaBrokers());
    const connections = jest.spyOn(kafka, 'admin');
    const check = checkOf(kafka);
    for (let n = 0; n < 20; n++) expect(await check.check()).toEqual([]);
    expect(connections).toHaveBeenCalledTimes(1);
  });

  test('reconnects when the connection was closed', async () => {
    const kafka = kafkaAt(kafkaBrokers());
    const connections = jest.spyOn(kafka, 'admin');
    const check = checkOf(kafka);
    await check.check();
    const { value: connected } = connections.mock.results[0] ?? {};
    await (connected as Admin).disconnect();
    expect(await check.check()).toEqual([]);
  });

  test('rejects while the broker is unreachable, and resolves again afterwards', async () => {
    const [host = '', port] = kafkaBrokers().split(':');
    expect(host).toMatch(/^(127\.0\.0\.1|localhost)$/);
    const proxy = await tcpProxy(Number(port));
    undo.push(() => proxy.close());
    const check = checkOf(kafkaAt(`127.0.0.1:${proxy.port}`));
    proxy.swallow();
    await expect(check.check()).rejects.toThrow();
    proxy.heal();
    await until('the check succeeds', () =>
      check.check().then(
        () => true,
        () => false,
      ),
    );
  });

  test('reports topic settings that may lose or double taps, but not a different retention', async () => {
    const kafka = kafkaFor();
    const config = { 'unclean.leader.election.enable': 'true', 'message.timestamp.type': 'CreateTime' };
    const topic = await createTopic(kafka, 1, { config: { ...config, 'retention.ms': '60000' } });
    const definition: TopicDefinition = {
      ...{ topic, partitions: 1, retentionMs: 86_400_000 },
      config: { 'unclean.leader.election.enable': 'false', 'message.timestamp.type': 'LogAppendTime' },
    };
    const missing = { ...definition, topic: `${topic}-missing` };
    const check = checkOf(kafkaAt(kafkaBrokers()), { topics: [definition, missing], settingsEveryMs: 100 });
    expect(await check.check()).toEqual([
      `unclean.leader.election.enable of ${topic} must be false (it is true)`,
      `message.timestamp.type of ${topic} must be LogAppendTime (it is CreateTime)`,
    ]);
    await withAdmin(kafka, async (admin) => correctSettings(admin, await topicProblems(admin, [definition])));
    await until('the check reports no problem', async () => (await check.check()).length === 0);
  });

  test('ignores topic settings that the broker does not support', async () => {
    const kafka = kafkaFor();
    const topic = await createTopic(kafka, 1);
    const definition = { topic, partitions: 1, retentionMs: 1, config: { 'setting.of.another.broker': 'x' } };
    expect(await withAdmin(kafka, (admin) => topicProblems(admin, [definition]))).toEqual([]);
  });
});

describe('evictionProblems', () => {
  const wrong = (policy: string) => [`maxmemory-policy must be noeviction (it is ${policy})`];
  let cluster: RedisServers & { url: string };
  let single: RedisServers;
  beforeAll(async () => {
    [cluster, single] = await Promise.all([startSmallCluster(), startRedisServers(1)]);
  });
  afterAll(() => Promise.all([cluster.stop(), single.stop()]));

  const server = () => single.servers[0] as (typeof single.servers)[number];
  const connected = (login = '', log = recordedLogger(), mode: RedisMode = 'single') => {
    const url = mode === 'cluster' ? cluster.url : `redis://${login}127.0.0.1:${server().port}`;
    const redis = createRedis(url, quiet, mode);
    undo.push(() => redis.disconnect());
    return { redis, log };
  };
  const problems = ({ redis, log }: ReturnType<typeof connected>) => evictionProblems(redis, log);
  const setPolicy = async ({ admin }: { admin: { config: RedisClient['config'] } }, policy: string) => {
    await admin.config('SET', 'maxmemory-policy', policy);
    undo.push(() => admin.config('SET', 'maxmemory-policy', 'noeviction'));
  };

  test.each(['volatile-lru', 'allkeys-lfu', 'volatile-ttl', 'allkeys-random'])(
    'reports the maxmemory-policy %s',
    async (policy) => {
      expect(await problems(connected())).toEqual([]);
      await setPolicy(server(), policy);
      const { redis, log } = connected();
      expect(await problems({ redis, log })).toEqual(wrong(policy));
      await expect(refuseEviction(redis, log)).rejects.toMatchObject({
        code: 'store_unavailable',
        message: 'Redis: maxmemory-policy must be noeviction (it is '.concat(policy, ')'),
      });
    },
  );

  test.each([
    ['CONFIG: it uses INFO', '-config', true],
    ['INFO: it uses CONFIG', '-info', true],
    ['CONFIG and INFO: it logs once that it can’t check the policy', '-info -config', false],
  ])('with a Redis user without permission for %s', async (_what, rules, isReported) => {
    jest.spyOn(console, 'warn').mockReturnValue(); // ioredis warns, too
    await server().admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>pw', '~*', '&*', '+@all', ...rules.split(' '));
    await setPolicy(server(), 'volatile-lru');
    const as = connected('app:pw@');
    for (let n = 0; n < 3; n++) expect(await problems(as)).toEqual(isReported ? wrong('volatile-lru') : []);
    expect(as.log.lines).toHaveLength(isReported ? 0 : 1);
  });

  test('checks every primary of a Redis Cluster', async () => {
    const as = connected('', recordedLogger(), 'cluster');
    expect(await problems(as)).toEqual([]);
    await setPolicy(cluster.servers[2] as (typeof cluster.servers)[number], 'allkeys-lru');
    expect(await problems(as)).toEqual(wrong('allkeys-lru'));
  });

  test('rejects when Redis does not answer', async () => {
    const redis = createRedis('redis://127.0.0.1:1', quiet);
    undo.push(() => redis.disconnect());
    await expect(evictionProblems(redis, quiet)).rejects.toThrow();
  });
});
