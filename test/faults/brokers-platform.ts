import { newClusterId } from '../../infra/local/kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { startRedisNode } from '../support/redis-node.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import { assemble, startBrokerNode, startFunctions, type FaultPlatform } from './platform.ts';

const IDS = [1, 2, 3] as const;

/**
 * The platform with three brokers and one Redis. Only the first broker is a controller, so that the others can be killed
 * together: on AWS the controllers are other machines, too.
 */
export const startBrokersPlatform = (log: (line: string) => void = () => {}): Promise<FaultPlatform> =>
  assemble(async (undo) => {
    const cluster = { clusterId: newClusterId(), controller: await anyFreePort() };
    const brokers: Awaited<ReturnType<typeof startBrokerNode>>[] = [];
    for (const id of IDS) brokers.push(await startBrokerNode(undo, log, { ...cluster, id }));
    const redis = await startRedisNode();
    undo(redis.remove);
    // The first one is the controller of the others.
    const [first, ...others] = brokers;
    await first?.service.start();
    await Promise.all(others.map(({ service }) => service.start()));
    const kafkaBrokers = brokers.map(({ address }) => address).join(',');
    await withAdmin(kafkaFor(kafkaBrokers), (admin) =>
      // With fewer brokers the topics would get one replica.
      until('all brokers are there', async () => (await admin.describeCluster()).brokers.length === IDS.length),
    );
    const functions = await startFunctions(
      undo,
      { KAFKA_BROKERS: kafkaBrokers, REDIS_URL: `redis://127.0.0.1:${redis.port}` },
      [],
    );
    return {
      ...functions,
      ...{ kafkaBrokers, redis: redis.redis },
      brokers: brokers.map(({ service }) => service),
      output: () => [functions.output(), ...brokers.map(({ output }) => output())].join('\n'),
    };
  });
