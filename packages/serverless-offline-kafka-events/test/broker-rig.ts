import { randomUUID } from 'node:crypto';
import { kafkajsBroker } from '../src/broker/kafkajs.ts';
import type { BrokerRecord, Security, StartingPosition } from '../src/broker/port.ts';
import { until } from './kafka.ts';

export interface Reader {
  readonly records: BrokerRecord[];
  readonly ready: () => boolean;
  readonly waiting: readonly string[];
  readonly failure: () => Error | undefined;
  stop(): Promise<void>;
}

/** Reads a topic through the `Broker` port, without invoking a function. */
export const read = (
  brokers: readonly string[],
  topic: string,
  options: { security?: Security; startingPosition?: StartingPosition; groupId?: string } = {},
): Reader => {
  const { security = {}, startingPosition = { kind: 'TRIM_HORIZON' }, groupId = `g-${randomUUID()}` } = options;
  const silent = { notice: () => undefined, warning: () => undefined, error: () => undefined, debug: () => undefined };
  const broker = kafkajsBroker({ brokers, clientId: 'reader', log: silent, security });
  const consumer = broker.consumer({ topic, groupId, startingPosition, sessionTimeoutMs: 6_000 });
  const records: BrokerRecord[] = [];
  const waiting: string[] = [];
  let ready = false;
  let failure: Error | undefined;
  consumer.start({
    revoked: () => undefined,
    assigned: (partitions) => new Map(partitions.map(({ partition, start }) => [partition, start])),
    ready: () => (ready = true),
    fetched: (_, list) => records.push(...list),
    waiting: (reason) => waiting.push(reason),
    failed: (error) => (failure = error),
  });
  return {
    records,
    ready: () => ready,
    waiting,
    failure: () => failure,
    stop: async () => {
      await consumer.stop();
      await broker.close();
    },
  };
};

/** Reads the first `count` records of a topic. */
export const readSome = async (count: number, ...args: Parameters<typeof read>): Promise<BrokerRecord[]> => {
  const reader = read(...args);
  try {
    await until(`${count} records`, () => reader.records.length >= count || reader.failure() !== undefined);
    const failure = reader.failure();
    if (failure) throw failure;
    return reader.records;
  } finally {
    await reader.stop();
  }
};
