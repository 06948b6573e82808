import type { Config } from '../../config/variables.ts';
import { redisNodes } from '../../config/redis-nodes.ts';

/**
 * The ports of the platform's own services. If a client registered one, updates would be written to the broker or
 * Redis, which trust connections from this host.
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
