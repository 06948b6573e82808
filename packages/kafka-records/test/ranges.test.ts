import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createSocket } from '../src/create-socket.ts';
import { OffsetsMissing, readRanges } from '../src/range-reader.ts';
import type { OffsetRange, RangeChunk, RangeReaderOptions } from '../src/range-reader.ts';
import { javaProduce } from '../../serverless-offline-kafka-events/test/java-producer.ts';
import { createTopic, testBrokers, TestKafka } from '../../serverless-offline-kafka-events/test/kafka.ts';
import { kafkaLib, startKafka } from '../../serverless-offline-kafka-events/test/own-kafka.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

/** Kafka's programs, for what takes long: `npm run test:long`. */
const lib = process.env['LONG_TESTS'] ? kafkaLib() : undefined;
const config = { brokers: testBrokers(), logLevel: kafkajs.logLevel.NOTHING, socketFactory: createSocket };
const client = new kafkajs.Kafka(config);

/** Reads ranges; returns the values by partition, and the offset up to which each partition was read. */
const read = async (topic: string, ranges: readonly OffsetRange[], options?: RangeReaderOptions) => {
  const values = new Map<number, string[]>();
  const next = new Map<number, number>();
  await readRanges(
    client,
    topic,
    ranges,
    ({ partition, records, next: nextOffset }: RangeChunk) => {
      const list = values.get(partition) ?? [];
      list.push(...records.map(({ value }) => Buffer.from(value ?? '').toString()));
      values.set(partition, list);
      next.set(partition, nextOffset);
    },
    options,
  );
  return { values: Object.fromEntries(values), next: Object.fromEntries(next) };
};

const send = (topic: string, partition: number, from: number, to: number): Promise<void> =>
  kafka.produce(
    topic,
    Array.from({ length: to - from }, (_, n) => ({ partition, value: `${from + n}` })),
  );
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `${from + n}`);

describe('readRanges', () => {
  test('reads exactly the requested offsets, also within a batch, and several ranges of a partition', async () => {
    const topic = await kafka.topic(3);
    await send(topic, 0, 0, 100);
    await send(topic, 1, 0, 50);
    await send(topic, 1, 50, 60);
    const ranges = [
      { partition: 0, from: 90, to: 95 },
      { partition: 0, from: 10, to: 20 },
      { partition: 1, from: 0, to: 60 },
      { partition: 2, from: 0, to: 0 },
    ];
    expect(await read(topic, ranges)).toEqual({
      values: { 0: [...numbers(10, 20), ...numbers(90, 95)], 1: numbers(0, 60) },
      next: { 0: 95, 1: 60 },
    });
  });

  test('delivers records of committed transactions only, and skips transaction markers', async () => {
    const topic = await kafka.topic(1);
    const producer = kafka.client.producer({ transactionalId: `x-${topic}`, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [value, end] of [
      ['0', 'commit'],
      ['never', 'abort'],
      ['4', 'commit'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const all = { partition: 0, from: 0, to: 6 };
    expect(await read(topic, [all])).toEqual({ values: { 0: ['0', '4'] }, next: { 0: 6 } });
    // A range without visible records, which starts within an aborted transaction.
    expect(await read(topic, [{ ...all, from: 2, to: 4 }])).toEqual({ values: { 0: [] }, next: { 0: 4 } });
  });

  test('fails for deleted or future offsets, with the offsets that the partition has', async () => {
    const topic = await kafka.topic(2);
    await send(topic, 0, 0, 10);
    await kafka.admin.fetchTopicOffsets(topic);
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    const missing = { code: 'OFFSETS_MISSING', partition: 0, low: 4, high: 10 };
    await expect(read(topic, [{ partition: 0, from: 3, to: 10 }])).rejects.toMatchObject(missing);
    await expect(read(topic, [{ partition: 0, from: 3, to: 10 }])).rejects.toBeInstanceOf(OffsetsMissing);
    await expect(read(topic, [{ partition: 0, from: 5, to: 11 }])).rejects.toMatchObject(missing);
    await expect(read(topic, [{ partition: 0, from: 20, to: 21 }])).rejects.toMatchObject(missing);
    expect(await read(topic, [{ partition: 0, from: 4, to: 10 }])).toMatchObject({ values: { 0: numbers(4, 10) } });
  });

  test('fails with the reason after `stalledMs` if the topic or partition does not exist', async () => {
    const topic = await kafka.topic(1);
    const options = { stalledMs: 500 };
    const range = { partition: 7, from: 0, to: 1 };
    await expect(read(topic, [range], options)).rejects.toThrow('no leader is known for partition 7');
    const unknown = `t-${randomUUID()}`;
    await expect(read(unknown, [range], options)).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
  });

  test('rejects with an error of `onChunk`, and when its signal is aborted', async () => {
    const topic = await kafka.topic(1);
    await send(topic, 0, 0, 10);
    const range = { partition: 0, from: 0, to: 10 };
    const full = (): never => {
      throw new Error('the disk is full');
    };
    await expect(readRanges(client, topic, [range], full)).rejects.toThrow('the disk is full');
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(readRanges(client, topic, [range], full, { signal })).rejects.toThrow('stopped');
  });

  (lib === undefined ? test.skip : test).each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'reads records that a Java client compressed with %s',
    async (codec) => {
      const topic = await kafka.topic(1);
      await javaProduce(lib as string, testBrokers().join(), topic, codec, numbers(0, 500));
      const { values } = await read(topic, [{ partition: 0, from: 100, to: 400 }]);
      expect(values).toEqual({ 0: numbers(100, 400) });
    },
  );

  (lib === undefined ? test.skip : test)(
    'reads each record once although the broker is killed and restarted',
    async () => {
      const own = await startKafka(lib as string);
      try {
        const brokers = [own.plaintext];
        const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
        const [admin, producer] = [client.admin(), client.producer()];
        await Promise.all([admin.connect(), producer.connect()]);
        await createTopic(admin, 'orders');
        for (let n = 0; n < 20; n++) {
          // Large values, so that several fetches are needed.
          const value = `${n} ${'x'.repeat(300_000)}`;
          await producer.send({ topic: 'orders', messages: [{ value }] });
        }
        await Promise.all([admin.disconnect(), producer.disconnect()]);
        const offsets: number[] = [];
        let killed: Promise<void> | undefined;
        const reader = new kafkajs.Kafka({ ...config, brokers, connectionTimeout: 1_000, retry: { retries: 1 } });
        const onChunk = async ({ records }: RangeChunk): Promise<void> => {
          offsets.push(...records.map(({ offset }) => offset));
          if (killed) return;
          await own.kill();
          killed = own.restart();
        };
        await readRanges(reader, 'orders', [{ partition: 0, from: 0, to: 20 }], onChunk, { stalledMs: 60_000 });
        expect(offsets).toEqual(Array.from({ length: 20 }, (_, n) => n));
        await killed;
      } finally {
        await own.stop();
      }
    },
  );
});
