import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { claimDataDir } from '../../infra/local/data-dir.ts';
import { ensureJars, kafkaVersion } from '../../infra/local/jars.ts';
import { kafkaService } from '../../infra/local/kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { findRedis, redisService } from '../../infra/local/redis.ts';
import type { Service } from '../../infra/local/service.ts';
import { warmUp } from '../../infra/local/warm-up.ts';
import { createRedis, type RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { BUCKETS } from '../../lib/config/topics.ts';
import { type Config, loadConfig } from '../../lib/config/variables.ts';
import type { CountStore } from '../../lib/ports.ts';
import { newDataDir, removeDataDir, startPlatform } from '../e2e/platform.ts';
import { quiet } from '../support/services.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { mountDisk, type Disk } from './disk.ts';

/** The platform in pieces that can be broken one by one. */
export interface FaultPlatform {
  url: string;
  lambdaPort: number;
  windowMs: number;
  /** Neither is started again by itself: a fault heals what it broke. */
  broker: Pick<Service, 'kill' | 'start' | 'pid'>;
  redis: Pick<Service, 'kill' | 'start'>;
  /** The process of the functions, which `npm start` starts again when it dies. */
  functionsPid(): Promise<number>;
  /** The only way between the functions and either; the suite itself goes past them, but not past Kafka's. */
  links: { kafka: TcpProxy; redis: TcpProxy };
  kafkaBrokers: string;
  redisClient: RedisClient;
  windows: Pick<CountStore, 'snapshot'>;
  /** Redis's append-only file. */
  appendOnlyFile: string;
  /** The broker's disk; undefined where none can be mounted. */
  disk: Disk | undefined;
  /** What the functions and the broker have printed. */
  output(): string;
  stop(): Promise<void>;
}

/** The counts as the functions keep them. */
export const countStore = (redis: RedisClient, config: Config): RedisCountStore =>
  new RedisCountStore(redis, {
    windowMs: config.WINDOW_SECONDS * 1000,
    watermarkMs: config.WATERMARK_SECONDS * 1000,
    buckets: BUCKETS,
    windowRetentionMs: config.WINDOW_RETENTION_SECONDS * 1000,
    roomRetentionMs: config.WINDOW_RETENTION_SECONDS * 1000,
    idTtlMs: config.EVENT_ID_TTL_SECONDS * 1000,
    idLimit: config.EVENT_ID_LIMIT,
    maxEmojis: config.MAX_EMOJIS_PER_ROOM,
  });

/**
 * The broker and Redis as `npm start` runs them, each behind a proxy, and `npm start` itself for the functions, which
 * is told their addresses.
 */
export async function startFaultPlatform(log: (line: string) => void = () => {}): Promise<FaultPlatform> {
  const folders = { infra: newDataDir(), redis: newDataDir(), functions: newDataDir() };
  const undo: (() => unknown)[] = [() => Object.values(folders).forEach(removeDataDir)];
  const stop = async () => {
    for (const act of undo.splice(0).reverse()) await act();
  };
  try {
    const disk = await mountDisk(folders.infra);
    if (disk) undo.push(() => disk.unmount());
    const dir = await claimDataDir(folders.infra, log);
    undo.push(() => dir.release());
    // Redis on another disk than the broker, so that only one of them fills up.
    symlinkSync(folders.redis, join(folders.infra, 'redis'));
    const lib = await ensureJars(log);
    const [kafkaPort, redisPort] = [await anyFreePort(), await anyFreePort()];
    const links = { kafka: await tcpProxy(kafkaPort), redis: await tcpProxy(redisPort) };
    undo.push(() => Promise.all([links.kafka.close(), links.redis.close()]));
    const broker = kafkaService(dir, lib, kafkaPort, kafkaVersion(), links.kafka.port);
    const redis = redisService(dir, await findRedis(lib), redisPort);
    undo.push(() => Promise.all([broker.stop(), redis.stop()]));
    for (const [name, service] of Object.entries({ broker, redis }))
      service.onDeath(({ code, signal }) => log(`${name} ended by itself: ${signal ?? code}`));

    mkdirSync(folders.functions, { recursive: true });
    const functions = startPlatform(folders.functions, {
      // Rooms of a whole run, from one address; clients that take nothing are to be seen unregistered.
      ...{ NEW_ROOMS_PER_USER: '0', NEW_ROOMS_PER_ADDRESS: '0', DELIVERY_GIVE_UP_SECONDS: '3' },
      KAFKA_BROKERS: `127.0.0.1:${links.kafka.port}`,
      REDIS_URL: `redis://127.0.0.1:${links.redis.port}`,
    });
    undo.push(() => functions.then((each) => each.stop()).catch(() => undefined));
    const [platform] = await Promise.all([functions, broker.start(), redis.start()]);
    await warmUp(platform.url);

    const redisClient = createRedis(`redis://127.0.0.1:${redisPort}`, quiet);
    undo.push(() => redisClient.disconnect());
    const config = loadConfig({});
    return {
      url: platform.url,
      lambdaPort: platform.lambdaPort,
      windowMs: config.WINDOW_SECONDS * 1000,
      broker,
      redis,
      functionsPid: () => platform.pid('functions'),
      links,
      kafkaBrokers: `127.0.0.1:${kafkaPort}`,
      redisClient,
      windows: countStore(redisClient, config),
      appendOnlyFile: join(folders.redis, 'appendonly.aof'),
      disk,
      output: () => `${platform.output()}\n${readFileSync(join(folders.infra, 'logs', 'kafka.log'), 'utf8')}`,
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}
