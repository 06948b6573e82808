import type { Broker, Security } from './port.ts';

/** Shares one broker client between all mappings with the same connection settings. */
export interface BrokerPool {
  get(servers: readonly string[], security: Security): Broker;
  close(): Promise<void>;
}

export const brokerPool = (connect: (servers: readonly string[], security: Security) => Broker): BrokerPool => {
  const brokers = new Map<string, Broker>();
  return {
    get: (servers, security) => {
      const key = JSON.stringify([servers, security]);
      const broker = brokers.get(key) ?? connect(servers, security);
      brokers.set(key, broker);
      return broker;
    },
    close: async () => {
      await Promise.all([...brokers.values()].map((broker) => broker.close()));
      brokers.clear();
    },
  };
};
