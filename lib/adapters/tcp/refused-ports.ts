import type { Config } from '../../config/variables.ts';
import { redisNodes } from '../../config/redis-nodes.ts';

/**
 * The ports of the platform's own services: a client that registered one would have us write into the broker or Redis,
 * which trust whoever calls from here.
 */
export const portsOf = ({
  KAFKA_BROKERS,
  REDIS_URL,
  DELIVERY_REFUSED_PORTS,
}: Pick<Config, 'KAFKA_BROKERS' | 'REDIS_URL' | 'DELIVERY_REFUSED_PORTS'>): ReadonlySet<number> =>
  new Set([
    ...KAFKA_BROKERS.map((broker) => Number(broker.slice(broker.lastIndexOf(':') + 1))),
    ...redisNodes(REDIS_URL).map(({ port }) => port),
    ...DELIVERY_REFUSED_PORTS.map(Number),
  ]);
