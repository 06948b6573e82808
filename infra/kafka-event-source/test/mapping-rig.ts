import { randomUUID } from 'node:crypto';
import { kafkajsBroker } from '../src/broker/kafkajs.ts';
import { defineMapping } from '../src/config/definition.ts';
import type { KafkaEvent } from '../src/event.ts';
import type { InvokeResult } from '../src/invoker/port.ts';
import type { Log } from '../src/log.ts';
import { Mapping } from '../src/poller/mapping.ts';
import { testBrokers } from './kafka.ts';

export type Handler = (event: KafkaEvent) => unknown;

export interface Rig {
  readonly mapping: Mapping;
  readonly groupId: string;
  readonly events: KafkaEvent[];
  readonly lines: string[];
  /** Every record delivered so far, invocations in order. */
  records(): KafkaEvent['records'][string];
  stop(): Promise<void>;
}

/** A mapping against the real broker with a function in this process. Started and ready when it resolves. */
export const startMapping = async (
  properties: Record<string, unknown> & { Topics: [string] },
  handler: Handler = () => null,
  options: { kind?: 'msk' | 'kafka'; ready?: boolean; brokers?: string[] } = {},
): Promise<Rig> => {
  const { kind = 'msk' } = options;
  const definition = defineMapping(
    'consumer',
    kind,
    kind === 'msk' ? { EventSourceArn: ARN, ...properties } : properties,
    `g-${randomUUID()}`,
  );
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const log: Log = { notice: add, warning: add, error: add, debug: () => undefined };
  const broker = kafkajsBroker({ brokers: options.brokers ?? testBrokers(), clientId: 'rig', log });
  const events: KafkaEvent[] = [];
  const invoke = async (event: KafkaEvent): Promise<InvokeResult> => {
    events.push(event);
    try {
      return { outcome: 'success', response: await handler(event) };
    } catch (error) {
      return { outcome: 'function-error', message: String(error) };
    }
  };
  const invoker = { invoke, close: () => Promise.resolve() };
  const mapping = new Mapping({ definition, broker, invoker, log, sessionTimeoutMs: 6_000 });
  const ready = mapping.start();
  if (options.ready !== false) await ready;
  return {
    mapping,
    groupId: definition.groupId,
    events,
    lines,
    records: () => events.flatMap((event) => Object.values(event.records).flat()),
    stop: async () => {
      await mapping.stop(5_000);
      await broker.close();
    },
  };
};

export const ARN = 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/11111111-2222-3333-4444-555555555555-1';
