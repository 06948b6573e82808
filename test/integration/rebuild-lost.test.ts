import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLocalInfra, type LocalInfra } from '../../infra/local/index.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { REACTION_GROUP, REACTION_TOPIC, topicDefinitions } from '../../lib/config/topics.ts';
import { ensureTopics } from '../../scripts/lib/topics.ts';
import { commitOffsets, kafkaFor, withAdmin } from '../support/kafka.ts';
import { scriptProcesses } from '../support/scripts.ts';
import { quiet, STORE } from '../support/services.ts';
import { tap } from '../support/taps.ts';

/** This file starts its own broker and Redis, since it deletes records of `emoji_topic`. */
let infra: LocalInfra;
let dataDir: string;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'emoji-streaming-rebuild-'));
  infra = await startLocalInfra({ dataDir, kafkaPort: 0, redisPort: 0, env: {} });
});
afterAll(async () => {
  await infra.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
const { run } = scriptProcesses();

test('rebuild reports records that the topic no longer has as lost, with exit code 1', async () => {
  const kafka = kafkaFor(infra.kafkaBrokers);
  const env = { KAFKA_BROKERS: infra.kafkaBrokers, REDIS_URL: infra.redisUrl };
  await withAdmin(kafka, async (admin) => {
    await ensureTopics(admin, topicDefinitions({ clusters: 1, subscribersPerCluster: 1 }));
    const producer = kafka.producer();
    await producer.connect();
    const at = Date.now();
    const messages = Array.from({ length: 40 }, (_, n) => ({
      partition: n % 2,
      value: JSON.stringify(tap(n, { room: 'rebuild', at }).reaction),
    }));
    await producer.send({ topic: REACTION_TOPIC, messages });
    await producer.disconnect();
    await commitOffsets(
      kafka,
      REACTION_GROUP,
      REACTION_TOPIC,
      [0, 1].map((partition) => ({ partition, offset: '20' })),
    );
    await admin.fetchTopicOffsets(REACTION_TOPIC); // kafkajs has to know the topic
    await admin.deleteTopicRecords({ topic: REACTION_TOPIC, partitions: [{ partition: 1, offset: '12' }] });
  });
  const redis = createRedis(infra.redisUrl, quiet);
  const store = new RedisCountStore(redis, { windowMs: 2000, watermarkMs: 10_000, ...STORE });
  try {
    const { code, stdout, stderr } = await run('rebuild', [], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain("12 records can't be counted again: emoji_topic no longer has them.");
    expect(stderr).toContain('28 were counted again.');
    // The records that the topic still has are counted, and only once.
    expect((await store.snapshot('rebuild')).totals).toEqual(new Map([['🔥', 28]]));
    await run('rebuild', [], env);
    expect((await store.snapshot('rebuild')).totals).toEqual(new Map([['🔥', 28]]));
    // --all counts everything again: the same records are lost and reported again.
    expect(await run('rebuild', ['--all'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('12 records'),
    });
    expect((await store.snapshot('rebuild')).totals).toEqual(new Map([['🔥', 28]]));
  } finally {
    redis.disconnect();
  }
});
