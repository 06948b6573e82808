import { createRedis } from '../../lib/adapters/redis/client.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { quiet } from '../support/services.ts';
import { assemble, startBroker, startFunctions, type FaultPlatform } from './platform.ts';

/** The platform with one broker and a Redis Cluster of three shards with one replica each. */
export const startClusterPlatform = (log: (line: string) => void = () => {}): Promise<FaultPlatform> =>
  assemble(async (undo) => {
    const broker = await startBroker(undo, log);
    const cluster = await startRedisCluster();
    undo(cluster.stop);
    const REDIS_URL = cluster.addresses.map(({ host, port }) => `redis://${host}:${port}`).join(',');
    const functions = await startFunctions(
      undo,
      { KAFKA_BROKERS: `127.0.0.1:${broker.link.port}`, REDIS_URL, REDIS_MODE: 'cluster' },
      [broker.service.start()],
    );
    const redis = createRedis(REDIS_URL, quiet, 'cluster');
    undo(() => redis.disconnect());
    return {
      ...functions,
      ...{ cluster, redis },
      broker: broker.service,
      kafkaBrokers: broker.brokers,
      output: () => `${functions.output()}\n${broker.output()}`,
    };
  });
