import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLocalInfra, type LocalInfra } from '../../infra/local/index.ts';
import { createRedis, withStore, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { applyTaps } from '../../lib/usecases/apply-taps.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { kafkaBrokers, quiet, STORE } from '../support/services.ts';
import { tap, tapBatch } from '../support/taps.ts';
import { until } from '../support/until.ts';

/** This file starts its own Redis, since it kills it. Brokers are killed in test/e2e/outages.test.ts. */
let infra: LocalInfra;
let dataDir: string;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'emoji-streaming-outages-'));
  infra = await startLocalInfra({ dataDir, redisPort: 0, env: { KAFKA_BROKERS: kafkaBrokers() } });
});
afterAll(async () => {
  await infra.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const unavailable = { code: 'store_unavailable', message: 'Redis does not answer', retriable: true };

describe('Redis', () => {
  let redis: RedisClient;
  beforeAll(() => {
    redis = createRedis(infra.redisUrl, quiet);
  });
  afterAll(() => redis.disconnect());

  test('killed during counting: batches that are delivered again until they succeed count once', async () => {
    const settings = { windowMs: 2000, watermarkMs: 10_000 };
    const store = new RedisCountStore(redis, { ...settings, ...STORE });
    const buckets = Array.from({ length: store.buckets }, (_, bucket) => bucket);
    const now = Date.now();
    const taps = Array.from({ length: 1000 }, (_, offset) => tap(offset, { at: now, room: `room-${offset % 5}` }));
    let restarted: Promise<void> | undefined;
    const deliver = async (batch: typeof taps): Promise<void> => {
      try {
        const { refused } = await applyTaps(store, tapBatch(batch), { buckets, settings, now });
        expect(refused).toEqual([]); // no count was lost: the append-only file had them all
      } catch (error) {
        expect(error).toMatchObject(unavailable);
        restarted ??= infra.redis?.start();
        await deliver(batch);
      }
    };
    for (let from = 0; from < taps.length; from += 10) {
      const delivered = deliver(taps.slice(Math.max(0, from - 5), from + 10));
      if (from === 500) await infra.redis?.kill('SIGKILL');
      await delivered;
    }
    expect(restarted).toBeDefined();
    await restarted;
    for (let room = 0; room < 5; room++)
      expect((await store.snapshot(`room-${room}`)).totals).toEqual(new Map([['🔥', 200]]));
  });

  test('killed and restarted: the registry and the scripts work again', async () => {
    const registry = new RedisRegistry(redis, { clusters: 1, subscribersPerCluster: 2, clientTtl: 60 });
    const register = (client_id: string) =>
      registry.register(registrationSchema.parse({ client_id, port: 6000 }), Date.now());
    await register('before');
    await infra.redis?.kill('SIGKILL');
    await expect(register('unlucky')).rejects.toMatchObject(unavailable);
    await infra.redis?.start();
    await until('the client is connected', () => redis.status === 'ready');
    await Promise.all(['a', 'b', 'c'].map(register));
    expect([...((await registry.loads()).get(0) ?? [])]).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });

  test('hanging: a command fails after its timeout, and the connection works again afterwards', async () => {
    await redis.ping();
    await infra.redis?.kill('SIGSTOP');
    try {
      await expect(withStore(() => redis.ping())).rejects.toMatchObject({
        ...unavailable,
        cause: { message: 'Command timed out' },
      });
    } finally {
      await infra.redis?.kill('SIGCONT');
    }
    expect(await redis.ping()).toBe('PONG');
  });
});
