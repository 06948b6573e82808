import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KafkaMskEventSchema, KafkaSelfManagedEventSchema } from '@aws-lambda-powertools/parser/schemas';
import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import type { KafkaEvent } from '../../src/event.ts';
import { javaProduce } from '../java-producer.ts';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import { ARN, startMapping } from '../mapping-rig.ts';
import { kafkaLib } from '../own-kafka.ts';

const lib = kafkaLib();
const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

/** The event that a mapping on this topic delivers, converted to JSON and back as for a function. */
const deliver = async (topic: string, count: number, kind: 'msk' | 'kafka' = 'msk'): Promise<KafkaEvent> => {
  const rig = await startMapping({ Topics: [topic], MaximumBatchingWindowInSeconds: 0 }, () => null, { kind });
  await until(`${count} records`, () => rig.records().length >= count);
  await rig.stop();
  const records: KafkaEvent['records'] = {};
  for (const event of rig.events) {
    for (const [key, list] of Object.entries(event.records)) records[key] = [...(records[key] ?? []), ...list];
  }
  return JSON.parse(JSON.stringify({ ...rig.events[0], records })) as KafkaEvent;
};

describe('the event', () => {
  test('K-01 K-02 K-03 K-04 K-05 K-06 K-10 for an MSK cluster has exactly the documented fields', async () => {
    const topic = await kafka.topic(2);
    const timestamp = '1760000000123';
    await kafka.produce(topic, [
      { key: 'order-1', value: '{"id":1}', partition: 0, timestamp, headers: { trace: '12' } },
      { key: 'order-2', value: 'ÿ', partition: 1, timestamp },
    ]);
    expect(await deliver(topic, 2)).toStrictEqual({
      eventSource: 'aws:kafka',
      eventSourceArn: ARN,
      bootstrapServers: testBrokers().join(','),
      records: {
        [`${topic}-0`]: [
          {
            topic,
            partition: 0,
            offset: 0,
            timestamp: 1_760_000_000_123,
            timestampType: 'CREATE_TIME',
            key: 'b3JkZXItMQ==',
            value: 'eyJpZCI6MX0=',
            headers: [{ trace: [49, 50] }],
          },
        ],
        [`${topic}-1`]: [
          {
            topic,
            partition: 1,
            offset: 0,
            timestamp: 1_760_000_000_123,
            timestampType: 'CREATE_TIME',
            key: 'b3JkZXItMg==',
            value: 'w78=',
            headers: [],
          },
        ],
      },
    });
  });

  test('K-01 K-02 for a self-managed cluster has another eventSource and no ARN', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [{ value: 'x' }]);
    const event = await deliver(topic, 1, 'kafka');
    expect(event.eventSource).toBe('SelfManagedKafka');
    expect(Object.keys(event)).toEqual(['eventSource', 'bootstrapServers', 'records']);
  });

  test('K-04 has only partitions with records, also for a topic name with dashes', async () => {
    const topic = await kafka.topic(3);
    await kafka.produce(topic, [{ value: 'x', partition: 2 }]);
    expect(topic).toContain('-');
    expect(Object.keys((await deliver(topic, 1)).records)).toEqual([`${topic}-2`]);
  });

  test('K-05 has the timestamp of the broker and LOG_APPEND_TIME if the topic is configured so', async () => {
    const topic = await kafka.topic(1, { 'message.timestamp.type': 'LogAppendTime' });
    const before = Date.now();
    await kafka.produce(topic, [{ value: 'x', timestamp: '1000' }]);
    const [record] = (await deliver(topic, 1)).records[`${topic}-0`] ?? [];
    expect(record?.timestampType).toBe('LOG_APPEND_TIME');
    expect(record?.timestamp).toBeGreaterThanOrEqual(before - 1_000);
  });

  test('K-07 K-08 K-09 has no field for a null key or value, and an empty string for an empty one', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [
      { key: null, value: 'x' },
      { key: 'k', value: null },
      { key: '', value: '' },
    ]);
    const records = (await deliver(topic, 3)).records[`${topic}-0`] ?? [];
    expect(records.map(({ key, value }) => ({ key, value }))).toEqual([
      { key: undefined, value: 'eA==' },
      { key: 'aw==', value: undefined },
      { key: '', value: '' },
    ]);
    expect('key' in (records[0] ?? {})).toBe(false);
    expect('value' in (records[1] ?? {})).toBe(false);
  });

  (lib === undefined ? test.skip : test)(
    'K-10 K-12 has headers in order, even if names repeat or are numbers, and an empty list for a null header',
    async () => {
      const topic = await kafka.topic(1);
      const line = 'b:0,2:1,a:2,b:3,1:4,b:NULL\tvalue';
      const reader = ['--reader-property', 'parse.headers=true', '--reader-property', 'null.marker=NULL'];
      await javaProduce(lib as string, testBrokers().join(), topic, 'none', [line], reader);
      const [record] = (await deliver(topic, 1)).records[`${topic}-0`] ?? [];
      expect(record?.headers).toEqual([{ b: [48] }, { 2: [49] }, { a: [50] }, { b: [51] }, { 1: [52] }, { b: [] }]);
    },
  );

  test('K-10 may have headers with names of object properties such as __proto__, also repeated', async () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'length', 'then', ''];
    const headers = (value: unknown) =>
      Object.fromEntries(names.map((name) => [name, value])) as Record<string, string[] | string>;
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [
      { value: 'x', headers: headers('a') },
      { value: 'y', headers: headers(['a', 'b']) },
      { value: 'z', headers: JSON.parse('{"__proto__":"a"}') as Record<string, string> },
    ]);
    const delivered = (await deliver(topic, 3)).records[`${topic}-0`] ?? [];
    const seen = delivered.map((record) => record.headers.flatMap((it) => Object.entries(it)));
    expect(seen[0]).toEqual(names.map((name) => [name, [97]]));
    expect(seen[1]).toEqual(names.flatMap((name) => [97, 98].map((byte) => [name, [byte]])));
    expect(seen[2]).toEqual([['__proto__', [97]]]);
  });

  test('K-11 K-12 has header values as signed bytes, and an empty list for an empty header', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [
      { value: 'x', headers: { name: 'ë', all: Buffer.from([0, 127, 128, 255]), empty: '' } },
    ]);
    const [record] = (await deliver(topic, 1)).records[`${topic}-0`] ?? [];
    expect(record?.headers).toEqual([{ name: [-61, -85] }, { all: [0, 127, -128, -1] }, { empty: [] }]);
  });

  test('K-01 to K-10 K-13 is accepted by typed clients of AWS, and has no schema metadata', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, [
      { key: 'k', value: '{"a":1}', partition: 0, headers: { h: 'v' } },
      { value: 'x', partition: 1 },
    ]);
    const msk: MSKEvent = (await deliver(topic, 2)) as MSKEvent;
    expect(msk.eventSource).toBe('aws:kafka');
    const parsed = KafkaMskEventSchema.parse(msk);
    expect(parsed.records[`${topic}-0`]?.[0]).toMatchObject({ key: 'k', value: '{"a":1}', headers: [{ h: 'v' }] });
    expect(JSON.stringify(msk)).not.toContain('SchemaMetadata');
    const own: SelfManagedKafkaEvent = (await deliver(topic, 2, 'kafka')) as SelfManagedKafkaEvent;
    expect(KafkaSelfManagedEventSchema.parse(own).bootstrapServers).toEqual(testBrokers());
  });
});
