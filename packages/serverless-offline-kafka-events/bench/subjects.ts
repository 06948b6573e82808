import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { kafkajsBroker } from '../src/broker/kafkajs.ts';
import { defineMapping } from '../src/config/definition.ts';
import type { Invoker } from '../src/invoker/port.ts';
import { sdkInvoker } from '../src/invoker/sdk.ts';
import { createMapping } from '../src/poller/create-mapping.ts';
import { BROKERS, client } from './broker.ts';

/** Called at each delivery with its number of records. */
export type Arrived = (records: number) => void;
/** Reads a topic from its beginning until it is stopped. */
export type Subject = (topic: string, arrived: Arrived) => Promise<() => Promise<void>>;

const silent = { notice: () => undefined, warning: console.error, error: console.error, debug: () => undefined };

/** kafkajs alone, used as in its documentation, with automatic commits. */
export const plainKafkajs: Subject = async (topic, arrived) => {
  const consumer = client.consumer({ groupId: `b-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachBatch: async ({ batch }) => arrived(batch.messages.length) });
  return () => consumer.disconnect();
};

/** A mapping of this package with a function that does nothing. */
const mapping =
  (invokerFor: (arrived: Arrived) => Promise<Invoker>, windowSeconds: number): Subject =>
  async (topic, arrived) => {
    const input = { Topics: [topic], BatchSize: 10_000, MaximumBatchingWindowInSeconds: windowSeconds };
    const definition = defineMapping('nothing', 'msk', { EventSourceArn: 'arn', ...input }, `b-${randomUUID()}`);
    const broker = kafkajsBroker({ brokers: BROKERS, clientId: 'bench', log: silent });
    const invoker = await invokerFor(arrived);
    const it = await createMapping({
      definition,
      broker,
      invoker,
      log: silent,
      sessionTimeoutMs: 10_000,
      retryDelayMs: { first: 200, longest: 10_000 },
      logBatches: false,
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:nothing',
      region: 'us-east-1',
      failureFolder: '/nowhere',
    });
    await it.start();
    return async () => {
      await it.stop(5_000);
      await invoker.close();
      await broker.close();
    };
  };

const count = (event: { records: Record<string, readonly unknown[]> }): number => {
  let records = 0;
  for (const list of Object.values(event.records)) records += list.length;
  return records;
};

export const inProcess = (windowSeconds: number): Subject =>
  mapping(
    (arrived) =>
      Promise.resolve({
        invoke: (event) => {
          arrived(count(event));
          return Promise.resolve({ outcome: 'success', response: null });
        },
        close: () => Promise.resolve(),
      }),
    windowSeconds,
  );

/** Invokes through the SDK an endpoint in this process that only counts records. */
export const throughSdk = (windowSeconds: number): Subject =>
  mapping(async (arrived) => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        arrived(count(JSON.parse(Buffer.concat(chunks).toString()) as Parameters<typeof count>[0]));
        response.end('null');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const invoker = await sdkInvoker({ functionName: 'f', endpoint, region: 'us-east-1', requestTimeoutMs: 60_000 });
    return {
      invoke: invoker.invoke,
      close: async () => {
        await invoker.close();
        server.close();
      },
    };
  }, windowSeconds);

export const SUBJECTS: Readonly<Record<string, Subject>> = {
  kafkajs: plainKafkajs,
  'in process': inProcess(1),
  sdk: throughSdk(1),
};
