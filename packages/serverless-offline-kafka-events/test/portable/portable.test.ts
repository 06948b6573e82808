import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KafkaMskEventSchema, KafkaSelfManagedEventSchema } from '@aws-lambda-powertools/parser/schemas';
import type { KafkaEventRecord } from '../../src/event.ts';
import { until } from '../kafka.ts';
import { recordsOf } from '../mapping-rig.ts';
import { text } from '../rigs.ts';
import { mappingUnderTest } from './under-test.ts';
import type { MappingUnderTest, PortableMessage } from './under-test.ts';

// A mapping on AWS may take longer to deliver records.
const PATIENCE_MS = process.env['CONFORMANCE_ADAPTER'] ? 120_000 : 20_000;

let mapping: MappingUnderTest;
beforeAll(async () => {
  mapping = await mappingUnderTest();
}, PATIENCE_MS);
afterAll(() => mapping.close());

/** Produces messages with a header that identifies this test's records, and waits until all are delivered. */
const deliver = async (messages: readonly PortableMessage[]): Promise<KafkaEventRecord[]> => {
  const run = randomUUID();
  const isOurs = ({ headers }: KafkaEventRecord): boolean =>
    headers.some(({ run: bytes }) => bytes !== undefined && Buffer.from(bytes).toString() === run);
  await mapping.produce(messages.map((it) => ({ ...it, headers: { ...it.headers, run } })));
  const countDistinct = (records: readonly KafkaEventRecord[]): number =>
    new Set(records.map(({ partition, offset }) => `${partition}/${offset}`)).size;
  return until(`${messages.length} records`, async () => {
    const records = (await mapping.collect()).flatMap(recordsOf).filter(isOurs);
    return countDistinct(records) >= messages.length && records;
  });
};

describe('a mapping (local or on AWS)', () => {
  test('K-01 to K-06 K-23 K-75 delivers each record at least once, in non-empty events that typed clients accept', async () => {
    const messages = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: `v${n}`, partition: n % 2 }));
    const records = await deliver(messages);
    expect(new Set(records.map(({ value }) => text(value)))).toEqual(new Set(messages.map(({ value }) => value)));
    const schema = mapping.kind === 'msk' ? KafkaMskEventSchema : KafkaSelfManagedEventSchema;
    for (const event of await mapping.collect()) {
      // The schema of Powertools requires a value, which a tombstone does not have.
      if (recordsOf(event).every(({ value }) => value !== undefined)) schema.parse(event);
      expect(recordsOf(event).length).toBeGreaterThan(0);
      for (const [key, list] of Object.entries(event.records)) {
        for (const { topic, partition } of list) expect(`${topic}-${partition}`).toBe(key);
      }
    }
  });

  test('K-14 K-20 K-21 delivers batches of at most BatchSize records, in offset order within each partition', async () => {
    await deliver(Array.from({ length: 60 }, (_, n) => ({ key: null, value: String(n), partition: n % 2 })));
    for (const event of await mapping.collect()) {
      expect(recordsOf(event).length).toBeLessThanOrEqual(mapping.batchSize);
      for (const list of Object.values(event.records)) {
        const offsets = list.map(({ offset }) => offset);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }
    }
  });

  test('K-07 K-08 K-09 omits null keys and values, and delivers empty ones as empty strings', async () => {
    const records = await deliver([
      { key: null, value: 'x', partition: 0 },
      { key: 'k', value: null, partition: 0 },
      { key: '', value: '', partition: 0 },
    ]);
    const [keyless, tombstone, empty] = records.sort((a, b) => a.offset - b.offset);
    expect(keyless).not.toHaveProperty('key');
    expect(tombstone).not.toHaveProperty('value');
    expect(empty).toMatchObject({ key: '', value: '' });
  });

  test('K-10 K-11 delivers headers as signed bytes', async () => {
    const [record] = await deliver([{ key: null, value: 'x', partition: 0, headers: { name: 'ë' } }]);
    expect(record?.headers).toContainEqual({ name: [-61, -85] });
  });
});
