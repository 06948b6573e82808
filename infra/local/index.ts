import { chooseWay } from './choose.ts';
import { ensureClassArchive } from './class-archive.ts';
import { claimDataDir, type DataDir, DEFAULT_DATA_DIR } from './data-dir.ts';
import { composeProject } from './compose.ts';
import { writeEndpoints } from './endpoints.ts';
import { ensureJars, jarsAreHere, kafkaVersion } from './jars.ts';
import { kafkaService } from './kafka.ts';
import { claimExactly, claimPort, type PortClaim } from './ports.ts';
import { findRedis, redisService } from './redis.ts';
import { runProgram } from './run.ts';
import type { Service } from './service.ts';
import { checkVersions } from './versions.ts';

export interface LocalInfraOptions {
  /** A path, or a folder that has been claimed. */
  dataDir?: string | DataDir;
  /** 0 = any free port. When the default is taken by another program, the next free one. */
  kafkaPort?: number;
  redisPort?: number;
  env?: Record<string, string | undefined>;
  log?: (line: string) => void;
  /** On abort, everything that was started is stopped, and the promise rejects. */
  signal?: AbortSignal;
  /** Called with the addresses before the servers are ready. */
  onEndpoints?: (endpoints: { kafkaBrokers: string; redisUrl: string }) => void;
}

export interface LocalInfra {
  /** host:port[,host:port] */
  kafkaBrokers: string;
  redisUrl: string;
  /** undefined when the environment names an external one. */
  broker: Service | undefined;
  redis: Service | undefined;
  stop(): Promise<void>;
}

const KAFKA_PORT = 9092;
const REDIS_PORT = 6379;

interface Ports {
  kafka: number;
  redis: number;
}

/** Provides a broker and a Redis until stop(): those of the environment, else with Docker, else with Java and Maven. */
export async function startLocalInfra(options: LocalInfraOptions = {}): Promise<LocalInfra> {
  const { env = process.env, log = () => {}, onEndpoints = () => {} } = options;
  const given = options.dataDir ?? DEFAULT_DATA_DIR;
  const dir = typeof given === 'string' ? await claimDataDir(given, log) : given;
  let forget = () => {};
  let undo: () => Promise<unknown> = () => Promise.resolve();
  const claims: PortClaim[] = [];
  const port = async (...args: Parameters<typeof claim>): Promise<number> => {
    const claimed = await claim(...args);
    claims.push(claimed);
    return claimed.port;
  };
  const stop = async () => {
    forget();
    await undo();
    for (const each of claims.splice(0)) each.release();
    if (dir !== given) dir.release();
  };
  try {
    // An empty value counts as not set.
    const named = { broker: env.KAFKA_BROKERS, redis: env.REDIS_URL };
    const needed = !named.broker || !named.redis;
    const way = needed ? await prepare(dir, log) : undefined;
    const ports = {
      kafka: named.broker ? 0 : await port('broker', options.kafkaPort, KAFKA_PORT),
      redis: named.redis ? 0 : await port('Redis', options.redisPort, REDIS_PORT),
    };
    const services = way?.(ports);
    const broker = named.broker ? undefined : services?.broker;
    const redis = named.redis ? undefined : services?.redis;
    undo = services?.stop ?? undo;
    options.signal?.throwIfAborted();
    const aborted = () => void undo().catch(() => {}); // the promise rejects anyway
    options.signal?.addEventListener('abort', aborted, { once: true });

    const kafkaBrokers = named.broker || `127.0.0.1:${ports.kafka}`;
    const redisUrl = named.redis || `redis://127.0.0.1:${ports.redis}`;
    log(
      `broker: ${broker ? `${services?.brokerName} on ${kafkaBrokers}` : `${kafkaBrokers} (KAFKA_BROKERS)`}${moved(ports.kafka, KAFKA_PORT, options.kafkaPort)}`,
    );
    // REDIS_URL may hold a password, which must not be printed.
    log(
      `Redis:  ${redis ? `${services?.redisName} on 127.0.0.1:${ports.redis}` : `${redisUrl.replace(/\/\/.*@/, '//…@')} (REDIS_URL)`}${moved(ports.redis, REDIS_PORT, options.redisPort)}`,
    );
    onEndpoints({ kafkaBrokers, redisUrl });

    await Promise.all([broker?.start(), redis?.start()]);
    options.signal?.throwIfAborted();
    options.signal?.removeEventListener('abort', aborted); // from here on, the caller stops it
    forget = writeEndpoints(dir.path, { KAFKA_BROKERS: kafkaBrokers, REDIS_URL: redisUrl });
    return { kafkaBrokers, redisUrl, broker, redis, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

interface Services {
  broker: Service;
  brokerName: string;
  redis: Service;
  redisName: string;
  stop(): Promise<unknown>;
}

/** The steps before ports are chosen: stops old containers, or downloads the programs. */
async function prepare(dir: DataDir, log: (line: string) => void): Promise<(ports: Ports) => Services> {
  const way = await chooseWay(runProgram, jarsAreHere());
  if (way === 'docker') {
    // Containers of a killed start may occupy the ports.
    await composeProject(dir.path, { kafka: KAFKA_PORT, redis: REDIS_PORT }).down();
    return (ports) => {
      const compose = composeProject(dir.path, ports);
      return {
        broker: compose.service('redpanda', 'Redpanda'),
        brokerName: 'Redpanda (Docker)',
        redis: compose.service('redis', 'Redis'),
        redisName: 'Redis 7 (Docker)',
        stop: () => compose.down(),
      };
    };
  }
  const lib = await ensureJars(log);
  const server = await findRedis(lib);
  const kafka = kafkaVersion();
  await ensureClassArchive(lib, kafka);
  checkVersions(dir.path, { kafka, redis: server.version });
  return (ports) => {
    const broker = kafkaService(dir, lib, ports.kafka, kafka);
    const redis = redisService(dir, server, ports.redis);
    return {
      broker,
      brokerName: `Apache Kafka ${kafka} (Java)`,
      redis,
      redisName: `Redis ${server.version}`,
      stop: () => Promise.all([broker.stop(), redis.stop()]),
    };
  };
}

function claim(what: string, wanted: number | undefined, usual: number): Promise<PortClaim> {
  if (!wanted) return claimPort(wanted ?? usual);
  return claimExactly(wanted, `stop that program, or use another port for the ${what}.`);
}

const moved = (port: number, usual: number, wanted: number | undefined) =>
  wanted === undefined && port !== 0 && port !== usual ? ` (${usual} is taken by another program)` : '';
