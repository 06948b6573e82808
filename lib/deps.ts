import { REACTION_RETENTION_MS } from '../infra/topics.js';
import { createKafka } from './adapters/kafka/client.ts';
import { brokerCheck } from './adapters/kafka/health.ts';
import { KafkaRecordLog } from './adapters/kafka/record-log.ts';
import { createRedis } from './adapters/redis/client.ts';
import { RedisPacer } from './adapters/redis/pacer.ts';
import { RedisRegistry } from './adapters/redis/registry.ts';
import { RedisWindowStore } from './adapters/redis/window-store.ts';
import { AddressPolicy } from './adapters/tcp/address-policy.ts';
import { TcpDelivery } from './adapters/tcp/delivery.ts';
import { handshake } from './adapters/tcp/handshake.ts';
import { portsOf } from './adapters/tcp/refused-ports.ts';
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
  const addresses = new AddressPolicy(config.DELIVERY_ALLOWED_HOSTS, undefined, { refusedPorts: portsOf(config) });
  return {
    config,
    log,
    windowSettings,
    registry,
    addresses,
    records: new KafkaRecordLog(kafka, { ackTimeoutMs: config.ACK_TIMEOUT_MS, log }),
    windows: new RedisWindowStore(redis, {
      ...windowSettings,
      windowTtl: config.WINDOW_RETENTION_SECONDS,
      // A tap can be read again until Kafka forgets it; twice that leaves room for a topic that is kept for longer.
      roomTtl: (2 * REACTION_RETENTION_MS) / 1000,
    }),
    pacer: new RedisPacer(redis),
    delivery: new TcpDelivery({
      registry,
      addressesOf: (host, port) => addresses.addressesOf(host, port),
      connectTimeoutMs: config.DELIVERY_TIMEOUT_MS,
      handshake: config.DELIVERY_HANDSHAKE === 'nonce' ? handshake : undefined,
      stallMs: STALL_MS,
      onDead: (client) => {
        log.warn('client does not take its updates and is unregistered', { client });
        registry
          .unregister(client)
          .catch((error: unknown) => log.error('client was not unregistered', { client, error }));
      },
    }),
    healthChecks: { broker: brokerCheck(kafka), redis: () => redis.ping() },
  };
};

export const deps = createDeps(loadConfig(process.env));
