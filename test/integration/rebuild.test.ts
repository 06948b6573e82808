import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { REACTION_GROUP, REACTION_TOPIC, topicDefinitions } from '../../lib/config/topics.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisWindowStore } from '../../lib/adapters/redis/window-store.ts';
import { ensureTopics } from '../../scripts/lib/topics.ts';
import { commitOffsets, kafkaFor, withAdmin } from '../support/kafka.ts';
import { scriptProcesses } from '../support/scripts.ts';
import { emptyRedis } from '../support/services.ts';
import { tap } from '../support/taps.ts';
const { run } = scriptProcesses();
const kafka = kafkaFor();
const TAPS = 25;
/** Of a room of our own; whatever else the topic holds is counted as well. */
const room = `rebuild-${Date.now()}`;
let redis: RedisClient;
let env: Record<string, string>;
let held: number;

beforeAll(async () => {
  redis = await emptyRedis(11);
  env = { REDIS_URL: new URL('/11', process.env.REDIS_URL).href };
  held = await withAdmin(kafka, async (admin) => {
    await ensureTopics(admin, topicDefinitions({ clusters: 1, subscribersPerCluster: 1 }));
    const producer = kafka.producer();
    await producer.connect();
    const at = Date.now();
    const values = Array.from({ length: TAPS }, (_, n) => JSON.stringify(tap(n, { room, at, id: `${n}` }).reaction));
    // One of them twice, in another partition, as a client does that has not seen the answer.
    const messages = [...values, values[0] ?? ''].map((value, n) => ({ value, partition: n === TAPS ? 3 : n % 3 }));
    await producer.send({ topic: REACTION_TOPIC, messages });
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
  const settings = { windowMs: 2000, watermarkMs: 10_000, windowTtl: 60, roomTtl: 60, idTtlMs: 600_000, idLimit: 1000 };
  return (await new RedisWindowStore(redis, settings).snapshot(room, 1)).totals.get('🔥');
};

test('npm run rebuild counts what the consumer group has read and Redis does not hold, once', async () => {
  const first = await run('rebuild', [], env);
  expect(first).toMatchObject({ code: 0, stdout: `${held} records were counted again.\n` });
  expect(await fire()).toBe(TAPS);
  const second = await run('rebuild', [], env);
  expect(second).toMatchObject({ code: 0, stdout: 'Nothing is missing: every tap that was read is counted.\n' });
});

test('--all counts everything again, whatever Redis holds', async () => {
  const [totals = ''] = await redis.keys(`*{${room}}:totals`);
  await redis.hset(totals, '🔥', 7);
  const { code, stdout } = await run('rebuild', ['--all'], env);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${held} records were counted again.\n` });
  expect(await fire()).toBe(TAPS);
});
