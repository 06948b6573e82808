import { expect, test } from '@jest/globals';
import { startKafkaEvents } from '../../src/index.ts';
import type { KafkaEvent } from '../../src/event.ts';
import { until } from '../kafka.ts';
import { ARN, recordsOf } from '../mapping-rig.ts';
import { numbered, useRigs } from '../rigs.ts';

const { kafka } = useRigs();
const log = { notice: () => undefined, warning: () => undefined, error: () => undefined, debug: () => undefined };
const withEvents = (events: Record<string, unknown>[], handler: (event: never) => unknown = () => null) =>
  startKafkaEvents({ service: 'shop', functions: { consumer: { handler, events, timeout: 60 } }, log });

test('startKafkaEvents invokes a function in this process, and commits what it has handled when it stops', async () => {
  const topic = await kafka.topic(2);
  await kafka.produce(topic, numbered(10, 2));
  const events: KafkaEvent[] = [];
  const msk = { arn: ARN, topic, startingPosition: 'TRIM_HORIZON', consumerGroupId: `g-${topic}` };
  const running = await withEvents([{ msk }], (event) => events.push(event));
  await until('all records', () => events.flatMap(recordsOf).length === 10);
  expect(running.reports()).toMatchObject([{ functionName: 'consumer', topic }]);
  await running.stop();
  expect((await kafka.committed(msk.consumerGroupId, topic)).reduce((sum, offset) => sum + offset, 0)).toBe(10);
});

test('startKafkaEvents rejects events that AWS would not accept', async () => {
  await expect(withEvents([{ msk: { arn: ARN, topic: 't', batchSize: 0 } }])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});
