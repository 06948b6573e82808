import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { claimDataDir } from '../../infra/local/data-dir.ts';
import { ensureJars } from '../../infra/local/jars.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { findRedis, redisService } from '../../infra/local/redis.ts';
import type { Service } from '../../infra/local/service.ts';

/** A Redis server of a pair or a cluster, with a direct connection (without proxies). */
export interface RedisNode {
  port: number;
  service: Service;
  /** The folder of its append-only file. */
  folder: string;
  redis: Redis;
  info(section: string): Promise<Map<string, string>>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** A full sync starts at once; by default the primary waits 5 s for further replicas. */
const REPLICATES_AT_ONCE = {
  'repl-diskless-sync': 'yes',
  'repl-diskless-sync-delay': '0',
  'repl-ping-replica-period': '1',
};

/**
 * Starts a Redis server as `npm start` does.
 * @param wrap returns the path of a program that runs the given program
 */
export async function startRedisNode(
  options: Readonly<Record<string, string>> = {},
  choosePort: () => Promise<number> = anyFreePort,
  wrap: (program: string) => string = (program) => program,
): Promise<RedisNode> {
  const folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-redis-'));
  const dir = await claimDataDir(folder);
  const found = await findRedis(await ensureJars(() => undefined));
  const program = { ...found, program: wrap(found.program) };
  const port = await choosePort();
  const service = redisService(dir, program, port, { ...REPLICATES_AT_ONCE, ...options });
  const redis = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    connectTimeout: 2000,
    retryStrategy: () => 100,
    maxRetriesPerRequest: 100,
  });
  redis.on('error', () => undefined); // expected: tests kill the server
  const remove = async () => {
    redis.disconnect();
    await service.stop();
    dir.release();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await service.start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    port,
    service,
    folder: join(folder, 'redis'),
    redis,
    info: async (section) =>
      new Map((await redis.info(section)).split('\r\n').map((line) => line.split(/:(.*)/) as [string, string])),
    remove,
  };
}
