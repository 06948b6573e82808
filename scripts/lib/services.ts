import { resolve } from 'node:path';
import type { Admin, Kafka } from 'kafkajs';
import { type Endpoints, localEndpoints, runningDataDirs } from '../../infra/local/endpoints.ts';
import { SetupError } from '../../infra/local/errors.ts';
import { KafkaAdmin } from '../../lib/adapters/kafka/admin.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { KafkaRecordLog } from '../../lib/adapters/kafka/record-log.ts';
import { KafkaRecordReader } from '../../lib/adapters/kafka/record-reader.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { type Config, loadConfig } from '../../lib/config/variables.ts';
import { PlatformError } from '../../lib/errors.ts';
import { createLogger } from '../../lib/log.ts';
import type { RecordLog, RecordReader, Registry } from '../../lib/ports.ts';

// Log lines of the clients would disturb the output; failures become error messages below.
const quiet = createLogger('silent');

export const DATA_DIR_OPTION = { 'data-dir': { type: 'string' } } as const;

/**
 * The configuration, with broker and Redis of a running `npm start` if the environment names none.
 * @param dataDir the data folder of a running `npm start`, which then takes precedence over the environment
 */
export function scriptConfig(env: NodeJS.ProcessEnv, dataDir?: string): Config {
  if (dataDir !== undefined) {
    const named = localEndpoints(resolve(dataDir));
    if (named) return loadConfig({ ...env, ...named });
    throw new SetupError(
      `No platform is running with the data folder ${resolve(dataDir)}: start it with "npm start -- --data-dir ${dataDir}".`,
    );
  }
  const named = { KAFKA_BROKERS: env.KAFKA_BROKERS || undefined, REDIS_URL: env.REDIS_URL || undefined };
  const found = named.KAFKA_BROKERS && named.REDIS_URL ? undefined : runningPlatform();
  if (found === 'several' && !named.KAFKA_BROKERS && !named.REDIS_URL)
    throw new SetupError(
      `Several platforms are running. Choose one of them:\n${runningDataDirs()
        .map((path) => `  --data-dir ${path}`)
        .join('\n')}`,
    );
  const local = found === 'several' ? undefined : found;
  return loadConfig({
    ...env,
    KAFKA_BROKERS: named.KAFKA_BROKERS ?? local?.KAFKA_BROKERS,
    REDIS_URL: named.REDIS_URL ?? local?.REDIS_URL,
  });
}

/** The running platform with the default data folder, else the only one with another. */
function runningPlatform(): Endpoints | 'several' | undefined {
  const local = localEndpoints();
  if (local) return local;
  const dirs = runningDataDirs();
  return dirs.length > 1 ? 'several' : localEndpoints(dirs[0]);
}

/** A broker that has answered. */
export interface Broker {
  kafka: Kafka;
  admin: KafkaAdmin;
  reader: RecordReader;
}

/** @throws SetupError when no broker answers, or when it rejects a request of `work`. */
export async function withBroker<T>(config: Config, work: (broker: Broker) => Promise<T>): Promise<T> {
  const kafka = createKafka(config, quiet);
  const admin = new KafkaAdmin(kafka);
  const brokers = config.KAFKA_BROKERS.join(',');
  try {
    await admin
      .use(() => Promise.resolve()) // only connects
      .catch((cause: Error) => {
        throw new SetupError(
          `No broker answers at ${brokers} (${cause.message}): start the platform with "npm start", or set KAFKA_BROKERS.`,
          { cause },
        );
      });
    return await work({ kafka, admin, reader: new KafkaRecordReader(kafka, admin) });
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) throw error;
    throw new SetupError(`The broker at ${brokers} rejected this: ${error.message}`, { cause: error });
  } finally {
    await admin.close();
  }
}

export const withAdmin = <T>(config: Config, work: (admin: Admin) => Promise<T>): Promise<T> =>
  withBroker(config, ({ admin }) => admin.use(work));

/** Runs `work` with a record log, and closes it afterwards. */
export async function withRecordLog<T>(
  { kafka, admin }: Broker,
  config: Config,
  work: (records: RecordLog) => Promise<T>,
): Promise<T> {
  const records = new KafkaRecordLog(kafka, admin, { ackTimeoutMs: config.ACK_TIMEOUT_MS, log: quiet });
  try {
    return await work(records);
  } finally {
    await records.close();
  }
}

/** @throws SetupError when Redis does not answer. */
export async function withRegistry<T>(config: Config, work: (registry: Registry) => Promise<T>): Promise<T> {
  const redis = createRedis(config.REDIS_URL, quiet, config.REDIS_MODE);
  let reason = 'no answer';
  redis.on('error', ({ message, code }: NodeJS.ErrnoException) => (reason = message || (code ?? reason)));
  const registry = new RedisRegistry(redis, {
    clusters: config.CLUSTERS,
    subscribersPerCluster: config.SUBSCRIBERS_PER_CLUSTER,
    clientTtl: config.CLIENT_TTL_SECONDS,
  });
  try {
    return await work(registry);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== 'store_unavailable') throw error;
    // REDIS_URL may hold a password, which must not be printed.
    const url = config.REDIS_URL.replace(/\/\/[^,@]*@/g, '//…@');
    throw new SetupError(
      `No Redis answers at ${url} (${reason}): start the platform with "npm start", or set REDIS_URL.`,
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
}
