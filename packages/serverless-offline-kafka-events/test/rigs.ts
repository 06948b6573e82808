import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { TestKafka } from './kafka.ts';
import { startMapping } from './mapping-rig.ts';
import type { Handler, Rig, RigOptions } from './mapping-rig.ts';

/** A client for one test file, and a function to start mappings that are stopped after each test. */
export const useRigs = () => {
  const kafka = new TestKafka();
  let rigs: Rig[] = [];
  beforeAll(() => kafka.connect());
  afterAll(() => kafka.disconnect());
  afterEach(async () => {
    await Promise.all(rigs.map((rig) => rig.stop()));
    rigs = [];
  });
  return {
    kafka,
    start: async (
      properties: Record<string, unknown> & { Topics: [string] },
      handler?: Handler,
      options?: RigOptions,
    ): Promise<Rig> => {
      const rig = await startMapping(properties, handler, options);
      rigs.push(rig);
      return rig;
    },
  };
};

/** `count` messages with the values `v<n>`; message n goes to partition n % partitions. */
export const numbered = (count: number, partitions: number): { key: string; value: string; partition: number }[] =>
  Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: `v${n}`, partition: n % partitions }));

export const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString();
