import { encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { REACTION_GROUP, REACTION_TOPIC, topicDefinitions } from '../../lib/config/topics.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { bucketOf } from '../../lib/domain/bucket.ts';
import { ensureTopics } from '../../scripts/lib/topics.ts';
import { commitOffsets, kafkaFor, withAdmin } from '../support/kafka.ts';
import { scriptProcesses } from '../support/scripts.ts';
import { databaseUrl, emptyRedis, STORE } from '../support/services.ts';
import { tap } from '../support/taps.ts';
const { run } = scriptProcesses();
const kafka = kafkaFor();
const TAPS = 25;
/** A room that only this test uses; the topic may contain other records, which are counted, too. */
const room = `rebuild-${Date.now()}`;
let redis: RedisClient;
let env: Record<string, string>;
let held: number;

beforeAll(async () => {
  redis = await emptyRedis('rebuild');
  env = { REDIS_URL: databaseUrl('rebuild').href };
  held = await withAdmin(kafka, async (admin) => {
    await ensureTopics(admin, topicDefinitions({ clusters: 1, subscribersPerCluster: 1 }));
    const producer = kafka.producer();
    await producer.connect();
    const at = Date.now();
    const messages = Array.from({ length: TAPS }, (_, n) =>
      n % 2 === 0
        ? { key: 'u', value: JSON.stringify(tap(n, { room, at, id: `${n}` }).reaction) }
        : { partition: n % 4, value: JSON.stringify(tap(n, { room, at }).reaction) },
    );
    // Two taps are sent twice, as by a client that missed the answer.
    const again = [messages[0], messages[4]].flatMap((each) => (each ? [each] : []));
    await producer.send({ topic: REACTION_TOPIC, messages: [...messages, ...again] });
    await producer.disconnect();
    const offsets = await admin.fetchTopicOffsets(REACTION_TOPIC);
    await commitOffsets(
      kafka,
      REACTION_GROUP,
      REACTION_TOPIC,
      offsets.map(({ partition, high }) => ({ partition, offset: high })),
    );
    return offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  });
});
afterAll(() => redis.quit());

const fire = async () => {
  const store = new RedisCountStore(redis, { windowMs: 2000, watermarkMs: 10_000, ...STORE });
  return (await store.snapshot(room)).totals.get('🔥');
};

test('npm run rebuild counts the committed records that Redis lacks, exactly once', async () => {
  const first = await run('rebuild', [], env);
  expect(first).toMatchObject({ code: 0, stdout: `${held} records were counted again.\n` });
  expect(await fire()).toBe(TAPS);
  const second = await run('rebuild', [], env);
  expect(second).toMatchObject({ code: 0, stdout: 'Nothing is missing: every tap that was read is counted.\n' });
});

test('--all counts all records again, whatever the counts in Redis are', async () => {
  const [state = ''] = await redis.keys(`emoji:{m*.${bucketOf(room, STORE.buckets)}}:state`);
  await redis.hset(state, room, Buffer.from(encode([0, 0, 0, '🔥', 7])));
  expect(await fire()).toBe(7);
  const { code, stdout } = await run('rebuild', ['--all'], env);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${held} records were counted again.\n` });
  expect(await fire()).toBe(TAPS);
});
