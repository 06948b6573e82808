import { randomUUID } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KafkaEvent } from '../../src/event.ts';
import { TestKafka } from '../kafka.ts';
import { startMapping } from '../mapping-rig.ts';

export interface PortableMessage {
  readonly key: string | null;
  readonly value: string | null;
  readonly partition: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event source mapping, local or on AWS, as the portable tests use it. */
export interface MappingUnderTest {
  /** It has at least two partitions. */
  readonly topic: string;
  readonly kind: 'msk' | 'kafka';
  /** `BatchSize` of the mapping. */
  readonly batchSize: number;
  /** Appends messages in this order within a partition. Resolves when they are acknowledged. */
  produce(messages: readonly PortableMessage[]): Promise<void>;
  /** Every event that the function got so far, in the order of its invocations. */
  collect(): Promise<readonly KafkaEvent[]>;
  close(): Promise<void>;
}

/** The mapping of the module that `npm run conformance -- --aws` names, else a mapping of this package. */
export const mappingUnderTest = async (): Promise<MappingUnderTest> => {
  const adapter = process.env['CONFORMANCE_ADAPTER'];
  if (!adapter) return localMapping();
  const url = pathToFileURL(isAbsolute(adapter) ? adapter : resolve(adapter)).href;
  const module = (await import(url)) as { default: () => Promise<MappingUnderTest> };
  return module.default();
};

const localMapping = async (): Promise<MappingUnderTest> => {
  const kafka = new TestKafka();
  await kafka.connect();
  const topic = await kafka.topic(2);
  const batchSize = 10;
  const rig = await startMapping({ Topics: [topic], BatchSize: batchSize, StartingPosition: 'LATEST' }, () => null, {
    groupId: `g-${randomUUID()}`,
  });
  return {
    topic,
    kind: 'msk',
    batchSize,
    produce: (messages) => kafka.produce(topic, [...messages]),
    // Converted to JSON and back, as for a function.
    collect: () => Promise.resolve(JSON.parse(JSON.stringify(rig.events)) as KafkaEvent[]),
    close: async () => {
      await rig.stop();
      await kafka.disconnect();
    },
  };
};
