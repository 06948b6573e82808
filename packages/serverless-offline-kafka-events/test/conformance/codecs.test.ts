import { CODECS as INSTALLED } from '#kafka-records';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { readSome } from '../broker-rig.ts';
import { javaProduce } from '../java-producer.ts';
import { testBrokers, TestKafka } from '../kafka.ts';
import { kafkaLib } from '../own-kafka.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

const lib = kafkaLib();
const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'];
const lines = Array.from({ length: 2_000 }, (_, n) => `line ${n} ${'x'.repeat(n % 50)}`);

(lib === undefined ? describe.skip : describe)('records of Java clients', () => {
  const topics = new Map<string, string>();
  beforeAll(async () => {
    const produce = async (codec: string): Promise<void> => {
      const topic = await kafka.topic(1);
      topics.set(codec, topic);
      await javaProduce(lib as string, testBrokers().join(), topic, codec, lines);
    };
    await Promise.all(CODECS.map(produce));
  });

  test.each(CODECS)('K-06 are read if they are compressed with %s', async (codec) => {
    const topic = topics.get(codec) ?? '';
    const records = await readSome(lines.length, testBrokers(), topic);
    expect(records.map(({ value }) => Buffer.from(value ?? '').toString())).toEqual(lines);
    expect(records.map(({ offset }) => offset)).toEqual(lines.map((_, n) => n));
  });
});

test('K-06 if the package of a codec is not installed, the mapping stops and says what to install', async () => {
  const topic = await kafka.topic(1);
  const compression = kafkajs.CompressionTypes.GZIP;
  await kafka.producer.send({ topic, compression, messages: [{ value: 'x'.repeat(1_000) }] });
  const load = (): Promise<never> => {
    throw new Error("Cannot find module 'lz4js'");
  };
  INSTALLED.set(compression, { name: 'lz4', package: 'lz4js', load });
  await expect(readSome(1, testBrokers(), topic)).rejects.toThrow(
    `topic ${topic}: records are compressed with lz4: run \`npm install lz4js\``,
  );
});
