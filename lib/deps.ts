import { REACTION_RETENTION_MS } from '../infra/topics.js';
import { createKafka } from './adapters/kafka/client.ts';
import { brokerCheck } from './adapters/kafka/health.ts';
import { KafkaRecordLog } from './adapters/kafka/record-log.ts';
import { KafkaRecordReader } from './adapters/kafka/record-reader.ts';
import { createRedis } from './adapters/redis/client.ts';
import { RedisPacer } from './adapters/redis/pacer.ts';
import { RedisRegistry } from './adapters/redis/registry.ts';
import { RedisWindowStore } from './adapters/redis/window-store.ts';
import { AddressPolicy } from './adapters/tcp/address-policy.ts';
import { TcpDelivery } from './adapters/tcp/delivery.ts';
import { createCounter } from './aggregation.ts';
import { loadConfig, type Config } from './config.ts';
import { createLogger } from './log.ts';

/** How long (ms) a client may take nothing before that counts as a failed delivery. */
const STALL_MS = 5000;

/**
 * The composition root: every port with its adapter. Nothing connects before it is used, so a function that needs no
 * Redis opens no connection to it. A warm function keeps all of it between invocations.
 */
const createDeps = (config: Config) => {
  const log = createLogger(config.LOG_LEVEL);
  const kafka = createKafka(config, log);
  const redis = createRedis(config.REDIS_URL, log);
  const windowSettings = {
    windowMs: config.WINDOW_SECONDS * 1000,
    watermarkMs: config.WATERMARK_SECONDS * 1000,
    ratio: config.AGGREGATION_RATIO,
  };
  const registry = new RedisRegistry(redis, {
    clusters: config.CLUSTERS,
    subscribersPerCluster: config.SUBSCRIBERS_PER_CLUSTER,
    clientTtl: config.CLIENT_TTL_SECONDS,
  });
  const addresses = new AddressPolicy(config.DELIVERY_ALLOWED_HOSTS);
  const records = new KafkaRecordLog(kafka, { ackTimeoutMs: config.ACK_TIMEOUT_MS, log });
  const windows = new RedisWindowStore(redis, {
    ...windowSettings,
    windowTtl: config.WINDOW_RETENTION_SECONDS,
    // A tap can be read again until Kafka forgets it; twice that leaves room for a topic that is kept for longer.
    roomTtl: (2 * REACTION_RETENTION_MS) / 1000,
    idTtlMs: config.EVENT_ID_TTL_SECONDS * 1000,
    idLimit: config.EVENT_ID_LIMIT,
  });
  const reader = new KafkaRecordReader(kafka);
  return {
    config,
    log,
    windowSettings,
    registry,
    addresses,
    records,
    windows,
    /** @param fn the function that counts, for its log lines */
    counter: (fn: string) =>
      createCounter({
        windows,
        records,
        reader,
        clock: Date.now,
        log: log.child(fn),
        settings: windowSettings,
        shortCodes: config.EMOJI_SHORT_CODES,
      }),
    pacer: new RedisPacer(redis),
    delivery: new TcpDelivery({
      registry,
      addressesOf: (host) => addresses.addressesOf(host),
      connectTimeoutMs: config.DELIVERY_TIMEOUT_MS,
      stallMs: STALL_MS,
      onDead: (client) => {
        log.warn('client does not take its updates and is unregistered', { client });
        registry
          .unregister(client)
          .catch((error: unknown) => log.error('client was not unregistered', { client, error }));
      },
    }),
    /** For programs that end; a function keeps its connections. */
    close: async () => {
      await Promise.all([records.close(), reader.close()]);
      redis.disconnect();
    },
    healthChecks: { broker: brokerCheck(kafka), redis: () => redis.ping() },
  };
};

export const deps = createDeps(loadConfig(process.env));
