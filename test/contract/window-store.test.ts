import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryWindowStore } from '../doubles/window-store.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisWindowStore } from '../../lib/adapters/redis/window-store.ts';
import { countByRoom, type LoggedReaction } from '../../lib/domain/counting.ts';
import { emptyRedis } from '../support/services.ts';
import { tap } from '../support/taps.ts';
import { SETTINGS, windowStoreContract } from './window-store.contract.ts';

describe('memory', () => windowStoreContract(() => new MemoryWindowStore(SETTINGS)));

describe('Redis', () => {
  let redis: RedisClient;
  beforeAll(async () => {
    redis = await emptyRedis(1);
  });
  afterAll(() => redis.quit());

  const create = () =>
    new RedisWindowStore(redis, { ...SETTINGS, windowTtl: 1000, roomTtl: 2000, idTtlMs: 600_000, idLimit: 10_000 });
  const now = Date.now();
  const applied = async () =>
    (await create().open()).apply([...countByRoom([tap(0, { at: now, id: 'a' })], SETTINGS).values()], now);

  windowStoreContract(async () => {
    await redis.flushdb();
    return create();
  });

  test('two appliers of the same batch at the same time count it once', async () => {
    await redis.flushdb();
    await Promise.all(Array.from({ length: 20 }, applied));
    expect((await create().snapshot('global', 1)).totals.get('🔥')).toBe(1);
  });

  const room = (name: string, taps: readonly LoggedReaction[] = [tap(0, { at: now, room: name })]) =>
    [...countByRoom(taps, SETTINGS).values()].filter((batch) => batch.room === name);

  test('a room whose keys are damaged does not keep the others from being counted', async () => {
    await redis.flushdb();
    const counts = await create().open();
    await counts.apply(room('damaged'), now);
    const [key = ''] = await redis.keys('*{damaged}:totals');
    await redis.set(key, 'what is this');
    const applied = await counts.apply(
      ['a', 'damaged', 'b'].flatMap((name) => room(name, [tap(7, { at: now, room: name })])),
      now,
    );
    expect(applied.map(({ room: name, failure }) => [name, failure?.includes('WRONGTYPE') ?? false])).toEqual([
      ['a', false],
      ['damaged', true],
      ['b', false],
    ]);
    // Nothing of it was counted, so that it can be counted later.
    expect(await redis.hgetall(key.replace('totals', 'offsets'))).toEqual({ 'emoji_topic-0': '0' });
    await redis.del(key.replace('totals', 'open'));
    await redis.set(key.replace('totals', 'open'), 'nor this');
    expect((await counts.overdue(now + 60_000)).map((window) => window.room)).toEqual(['a', 'b']);
  });

  test('ids are forgotten when all partitions have been read ten minutes further, and beyond the limit', async () => {
    await redis.flushdb();
    const counts = await new RedisWindowStore(redis, {
      ...SETTINGS,
      ...{ windowTtl: 1000, roomTtl: 2000, idTtlMs: 600_000, idLimit: 50 },
    }).open();
    const send = async (from: number, ids: number, at: number, streamTime?: number) => {
      const taps = Array.from({ length: ids }, (_, n) => tap(from + n, { at, id: `${from + n}` }));
      await counts.apply(room('global', taps), at, streamTime);
      const [key = ''] = await redis.keys('*{global}:ids');
      return redis.zcard(key);
    };
    expect(await send(0, 40, now)).toBe(40);
    expect(await send(40, 30, now + 1000)).toBe(50); // the oldest twenty went
    expect(await send(70, 1, now + 700_000)).toBe(50);
    expect(await send(71, 1, now + 700_000, now + 700_000)).toBe(2);
  });

  test('the keys of a room share one hash tag and all of them expire', async () => {
    await redis.flushdb();
    await applied();
    const keys = (await redis.keys('*')).filter((key) => !/progress$|rooms_to_look_at$/.test(key));
    expect(keys.length).toBeGreaterThanOrEqual(5);
    for (const key of keys) {
      expect(key).toMatch(/^counts:\w+:\{global\}:/);
      expect(await redis.ttl(key)).toBeGreaterThan(0);
    }
  });
});
