import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkajsBroker } from '../src/broker/kafkajs.ts';
import { defineMapping } from '../src/config/definition.ts';
import type { KafkaEvent } from '../src/event.ts';
import type { InvokeResult } from '../src/invoker/port.ts';
import type { Log } from '../src/log.ts';
import { createMapping } from '../src/poller/create-mapping.ts';
import type { Mapping } from '../src/poller/mapping.ts';
import { testBrokers } from './kafka.ts';

export type Handler = (event: KafkaEvent) => unknown;

/** Thrown by a handler to simulate an invocation that did not reach the function (K-38). */
export class NotReached extends Error {}

export interface Rig {
  readonly mapping: Mapping;
  readonly groupId: string;
  readonly events: KafkaEvent[];
  readonly lines: string[];
  /** Every record delivered so far, in the order of the invocations. */
  records(): KafkaEvent['records'][string];
  stop(): Promise<void>;
}

export interface RigOptions {
  readonly kind?: 'msk' | 'kafka';
  /** Whether to wait until the mapping is ready; true by default. */
  readonly ready?: boolean;
  readonly brokers?: string[];
  readonly groupId?: string;
  readonly failureFolder?: string;
  readonly logBatches?: boolean;
  /** Whether to keep events; true by default. Long tests count records themselves. */
  readonly keepEvents?: boolean;
}

/** Starts a mapping with the real broker and a function in this process. Resolves when the mapping is ready. */
export const startMapping = async (
  properties: Record<string, unknown> & { Topics: [string] },
  handler: Handler = () => null,
  options: RigOptions = {},
): Promise<Rig> => {
  const { kind = 'msk', groupId = `g-${randomUUID()}`, keepEvents = true } = options;
  const definition = defineMapping(
    'consumer',
    kind,
    kind === 'msk' ? { EventSourceArn: ARN, ...properties } : properties,
    groupId,
  );
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const log: Log = { notice: add, warning: add, error: add, debug: () => undefined };
  const broker = kafkajsBroker({ brokers: options.brokers ?? testBrokers(), clientId: 'rig', log });
  const events: KafkaEvent[] = [];
  const invoke = async (event: KafkaEvent): Promise<InvokeResult> => {
    if (keepEvents) events.push(event);
    try {
      return { outcome: 'success', response: await handler(event) };
    } catch (error) {
      const outcome = error instanceof NotReached ? 'not-reached' : 'function-error';
      return { outcome, message: String(error) };
    }
  };
  const mapping = await createMapping({
    definition,
    broker,
    invoker: { invoke, close: () => Promise.resolve() },
    log,
    sessionTimeoutMs: 6_000,
    retryDelayMs: { first: 5, longest: 50 },
    logBatches: options.logBatches ?? false,
    functionArn: FUNCTION_ARN,
    region: 'eu-west-1',
    failureFolder: options.failureFolder ?? join(tmpdir(), `failures-${randomUUID()}`),
  });
  const ready = mapping.start();
  if (options.ready !== false) await ready;
  return {
    mapping,
    groupId: definition.groupId,
    events,
    lines,
    records: () => events.flatMap(recordsOf),
    stop: async () => {
      await mapping.stop(5_000);
      await broker.close();
    },
  };
};

export const recordsOf = (event: KafkaEvent): KafkaEvent['records'][string] => Object.values(event.records).flat();

export const ARN = 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/11111111-2222-3333-4444-555555555555-1';
const FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:consumer';
