import type { Config } from '../../config/variables.ts';

const REDIS_PORT = 6379;

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
    Number(new URL(REDIS_URL).port || REDIS_PORT),
    ...DELIVERY_REFUSED_PORTS.map(Number),
  ]);
