import { BUCKETS, REACTION_RETENTION_MS, topicDefinitions } from './config/topics.ts';
import { boundedLog } from './adapters/bounded-log.ts';
import { recently } from './adapters/recently.ts';
import { openAuthenticator } from './usecases/authorization.ts';
import { JwtAuthenticator } from './adapters/jwt/authenticator.ts';
import { keySet, remoteKeySet, sharedSecret, type Keys } from './adapters/jwt/keys.ts';
import { KafkaAdmin } from './adapters/kafka/admin.ts';
import { createKafka } from './adapters/kafka/client.ts';
import { BrokerCheck } from './adapters/kafka/broker-check.ts';
import { KafkaRecordLog } from './adapters/kafka/record-log.ts';
import { KafkaRecordReader } from './adapters/kafka/record-reader.ts';
import { Breaker } from './adapters/redis/breaker.ts';
import { createRedis } from './adapters/redis/client.ts';
import { evictionProblems, refuseEviction } from './adapters/redis/eviction.ts';
import { removeFormerCounts } from './adapters/redis/former-counts.ts';
import { RedisCountStore } from './adapters/redis/count-store.ts';
import { RedisPacer } from './adapters/redis/pacer.ts';
import { RedisRateLimiter, type Rate } from './adapters/redis/rate-limiter.ts';
import { RedisRegistry } from './adapters/redis/registry.ts';
import { RedisRooms } from './adapters/redis/rooms.ts';
import { AddressPolicy } from './adapters/tcp/address-policy.ts';
import { TcpDelivery } from './adapters/tcp/delivery.ts';
import { SocketDelivery } from './adapters/websocket/delivery.ts';
import { createPost } from './adapters/websocket/post.ts';
import { createCounter } from './usecases/count-taps.ts';
import { createAdmission } from './usecases/admission.ts';
import { createDeliverToClients } from './usecases/deliver-to-clients.ts';
import { createViewers } from './usecases/viewers.ts';
import { deliversOverTcp, tcpIsOff } from './adapters/tcp/switch.ts';
import { handshake } from './adapters/tcp/handshake.ts';
import { portsOf } from './adapters/tcp/refused-ports.ts';
import { LOCAL_STAGE } from './config/stages.ts';
import { loadConfig, type Config } from './config/variables.ts';
import { createLogger } from './log.ts';
import type { Authenticator, LimitName } from './ports.ts';

/** The maximum age (ms) of what `/health` reports. */
const HEALTH_MAX_AGE_MS = 2000;
/** A delivery fails when the client reads nothing for this long (ms). */
const STALL_MS = 5000;

/** Posts to WebSocket connections under way in a process. At 10 ms each they are as many as an account may post. */
const SOCKET_POSTS = 100;
const SOCKET_POST_TIMEOUT_MS = 3000;
/** A Lambda is frozen when it has answered, so a delivery waits longer for WebSockets than for TCP clients. */
const SOCKET_WAIT_MS = 3000;

/** The configured limits; a rate of 0 means no limit. */
const ratesOf = (config: Config): Map<LimitName, Rate> => {
  const perSecond = (rate: number, burst: number): Rate => ({
    burst: Math.max(rate, burst),
    seconds: Math.max(rate, burst) / rate,
  });
  const rates: [LimitName, Rate][] = [
    ['user', perSecond(config.RATE_USER_PER_SECOND, config.RATE_USER_BURST)],
    ['address', perSecond(config.RATE_ADDRESS_PER_SECOND, config.RATE_ADDRESS_BURST)],
    ['room', perSecond(config.RATE_ROOM_PER_SECOND, config.RATE_ROOM_BURST)],
    ['register', { burst: config.RATE_REGISTER_PER_MINUTE, seconds: 60 }],
    ['destination', { burst: config.RATE_DESTINATION_PER_MINUTE, seconds: 60 }],
    ['destination-host', { burst: config.RATE_DESTINATION_HOST_PER_MINUTE, seconds: 60 }],
    ['live', { burst: 2 * config.RATE_LIVE_PER_SECOND, seconds: 2 }],
    ['new-rooms-user', { burst: config.NEW_ROOMS_PER_USER, seconds: 3600 }],
    ['new-rooms-address', { burst: config.NEW_ROOMS_PER_ADDRESS, seconds: 3600 }],
  ];
  return new Map(rates.filter(([, { burst, seconds }]) => burst > 0 && Number.isFinite(seconds)));
};

/** The configuration has exactly one of the three. */
const keysOf = ({ AUTH_SECRET, AUTH_JWKS_URL, AUTH_JWKS }: Config): Keys => {
  if (AUTH_SECRET) return sharedSecret(AUTH_SECRET);
  if (AUTH_JWKS_URL) return remoteKeySet(AUTH_JWKS_URL);
  return keySet(AUTH_JWKS ?? { keys: [] });
};

const createAuthenticator = (config: Config): Authenticator =>
  config.AUTH_MODE === 'open'
    ? openAuthenticator
    : new JwtAuthenticator({
        keys: keysOf(config),
        issuer: config.AUTH_ISSUER,
        audience: config.AUTH_AUDIENCE,
        clock: Date.now,
      });

/** Creates the value at its first use, then keeps it. */
const lazily = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/**
 * The composition root: every port with its adapter. A function creates only what it uses, and nothing connects before
 * its first use. A warm function keeps all of it between invocations.
 */
const createDeps = (config: Config) => {
  const log = createLogger(config.LOG_LEVEL);
  const windowSettings = {
    windowMs: config.WINDOW_SECONDS * 1000,
    watermarkMs: config.WATERMARK_SECONDS * 1000,
    ratio: config.AGGREGATION_RATIO,
  };
  const kafka = lazily(() => createKafka(config, log));
  const redis = lazily(() => createRedis(config.REDIS_URL, log, config.REDIS_MODE));
  const limitsStore = lazily(() => new Breaker({ log }));
  const admin = lazily(() => new KafkaAdmin(kafka()));
  const records = lazily(() => new KafkaRecordLog(kafka(), admin(), { ackTimeoutMs: config.ACK_TIMEOUT_MS, log }));
  const reader = lazily(() => new KafkaRecordReader(kafka(), admin()));
  const addresses = lazily(
    () => new AddressPolicy(config.DELIVERY_ALLOWED_HOSTS, undefined, { refusedPorts: portsOf(config) }),
  );
  const counts = lazily(
    () =>
      new RedisCountStore(redis(), {
        ...windowSettings,
        buckets: BUCKETS,
        windowRetentionMs: config.WINDOW_RETENTION_SECONDS * 1000,
        // Taps can be read again until Kafka deletes them; twice that is safe even if a topic is kept longer.
        roomRetentionMs: Math.max(2 * REACTION_RETENTION_MS, 2 * config.WINDOW_RETENTION_SECONDS * 1000),
        idTtlMs: config.EVENT_ID_TTL_SECONDS * 1000,
        idLimit: config.EVENT_ID_LIMIT,
        maxEmojis: config.MAX_EMOJIS_PER_ROOM,
        prepare: () => removeFormerCounts(redis(), BUCKETS, log),
        mayCount: () => refuseEviction(redis(), log),
      }),
  );
  const registry = lazily(
    () =>
      new RedisRegistry(redis(), {
        clusters: config.CLUSTERS,
        subscribersPerCluster: config.SUBSCRIBERS_PER_CLUSTER,
        clientTtl: config.CLIENT_TTL_SECONDS,
        maxClients: config.MAX_CLIENTS,
        maxClientsPerAddress: config.MAX_CLIENTS_PER_ADDRESS,
        onDamaged: (damage) => log.error('registry entry is damaged and is ignored', { ...damage }),
      }),
  );
  const auth = lazily(() => createAuthenticator(config));
  const admission = lazily(() =>
    createAdmission({
      limiter: new RedisRateLimiter(redis(), ratesOf(config), limitsStore()),
      rooms: new RedisRooms(redis(), limitsStore(), { max: config.MAX_ROOMS }),
      whenDown: config.RATE_LIMIT_WHEN_DOWN,
      clock: Date.now,
    }),
  );
  const tapPorts = lazily(() => ({
    // Bounded, unlike `records`: clients can be rejected, but Kafka would only deliver rejected records again.
    records: boundedLog(records(), config.MAX_IN_FLIGHT_RECORDS),
    admission: admission(),
    clock: Date.now,
    shortCodes: config.EMOJI_SHORT_CODES,
  }));
  const viewers = lazily(() =>
    createViewers({
      registry: registry(),
      admission: admission(),
      counts: counts(),
      clock: Date.now,
      settings: windowSettings,
      isOpen: config.AUTH_MODE === 'open',
    }),
  );
  const pacer = lazily(() => new RedisPacer(redis()));
  const unregister = (client: string) => {
    registry()
      .unregister(client)
      .catch((error: unknown) => log.error('client was not unregistered', { client, error }));
  };
  const tcp = lazily(
    () =>
      new TcpDelivery({
        addressesOf: (host, port) => addresses().addressesOf(host, port),
        connectTimeoutMs: config.DELIVERY_TIMEOUT_MS,
        connectsPerAddress: config.DELIVERY_CONNECTS_PER_ADDRESS,
        handshake: config.DELIVERY_HANDSHAKE === 'nonce' ? handshake : undefined,
        stallMs: STALL_MS,
        giveUpMs: config.DELIVERY_GIVE_UP_SECONDS * 1000,
        onDead: (client) => {
          log.warn('client is unregistered: its deliveries failed', { client });
          unregister(client);
        },
      }),
  );
  const websocket = lazily(
    () =>
      new SocketDelivery({
        post: createPost({
          endpoint: config.WEBSOCKET_ENDPOINT,
          concurrency: SOCKET_POSTS,
          timeoutMs: SOCKET_POST_TIMEOUT_MS,
          isLocal: config.STAGE === LOCAL_STAGE,
        }),
        concurrency: SOCKET_POSTS,
        onGone: unregister,
        log,
        waitMs: SOCKET_WAIT_MS,
      }),
  );
  const deliveryOf = lazily(() =>
    createDeliverToClients({
      registry: registry(),
      transports: { websocket: websocket(), ...(deliversOverTcp(config) ? { tcp: tcp() } : {}) },
    }),
  );
  const brokerCheck = lazily(() => {
    const layout = { clusters: config.CLUSTERS, subscribersPerCluster: config.SUBSCRIBERS_PER_CLUSTER };
    return new BrokerCheck(admin(), { topics: topicDefinitions(layout), log });
  });
  const healthChecks = lazily(() => ({
    broker: recently(() => brokerCheck().check(), HEALTH_MAX_AGE_MS),
    redis: recently(() => evictionProblems(redis(), log), HEALTH_MAX_AGE_MS),
  }));
  return {
    config,
    log,
    windowSettings,
    get auth() {
      return auth();
    },
    get registry() {
      return registry();
    },
    /** Rejects when updates must not be delivered there. */
    checkDestination: async (host: string, port: number): Promise<void> => {
      if (!deliversOverTcp(config)) throw tcpIsOff();
      await addresses().addressesOf(host, port);
    },
    get records() {
      return records();
    },
    /** What taking taps needs, over HTTP and over a WebSocket. */
    get tapPorts() {
      return tapPorts();
    },
    get viewers() {
      return viewers();
    },
    get counts() {
      return counts();
    },
    get admission() {
      return admission();
    },
    get pacer() {
      return pacer();
    },
    /** While delivery over TCP is off, clients that were registered before get no updates. */
    get deliveryOf() {
      return deliveryOf();
    },
    /** Cached, so that frequent calls are cheap. */
    get healthChecks() {
      return healthChecks();
    },
    /** @param fn name of the function, for its log lines */
    counter: (fn: string) =>
      createCounter({
        store: counts(),
        records: records(),
        reader: reader(),
        clock: Date.now,
        log: log.child(fn),
        settings: windowSettings,
        shortCodes: config.EMOJI_SHORT_CODES,
      }),
    /** For scripts and tests; a function keeps its connections. */
    close: async () => {
      if (deliversOverTcp(config)) tcp().close();
      await Promise.all([records().close(), admin().close()]);
      redis().disconnect();
    },
  };
};

export const deps = createDeps(loadConfig(process.env));
