import { describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createTopic, until } from '../kafka.ts';
import { recordsOf } from '../mapping-rig.ts';
import { kafkaLib, startKafka } from '../own-kafka.ts';
import { numbered, text, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();
const lib = kafkaLib();

describe('a mapping', () => {
  test('K-35 K-75 keeps its partitions while a function runs for longer than the session timeout', async () => {
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(1, 1));
    // The rig's session timeout is 6 s.
    const rig = await start({ Topics: [topic], MaximumBatchingWindowInSeconds: 0 }, () => sleep(7_500));
    await until('the commit', async () => (await kafka.committed(rig.groupId, topic))[0] === 1, 12_000);
    expect(rig.events).toHaveLength(1);
  }, 15_000);

  (lib === undefined ? test.skip : test)(
    'K-75 loses no record in an outage of its broker, and commits no offset before delivery',
    async () => {
      const own = await startKafka(lib as string);
      const client = new kafkajs.Kafka({ brokers: [own.plaintext], logLevel: kafkajs.logLevel.NOTHING });
      const [admin, producer] = [client.admin(), client.producer()];
      await Promise.all([admin.connect(), producer.connect()]);
      const topic = 'orders';
      await createTopic(admin, topic);
      await producer.send({ topic, messages: numbered(5, 1) });
      const seen: string[] = [];
      const rig = await start(
        { Topics: [topic] },
        (event) => void seen.push(...recordsOf(event).map(({ value }) => text(value))),
        { brokers: [own.plaintext] },
      );
      await until('five records', () => seen.length === 5);
      await own.kill();
      await until('the log line', () => rig.lines.some((line) => line.includes('waits')), 30_000);
      await own.restart();
      await producer.send({ topic, messages: [{ value: 'after' }] });
      await until('the record after', () => seen.includes('after'), 30_000);
      expect([...new Set(seen)]).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'after']);
      await Promise.all([admin.disconnect(), producer.disconnect(), rig.stop()]);
      await own.stop();
    },
    90_000,
  );
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
