import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { TestKafka, until } from '../kafka.ts';
import { startMapping } from '../mapping-rig.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

const Decoder = createRequire(import.meta.url)('kafkajs/src/protocol/decoder') as { readonly prototype: object };

/** What a patch of kafkajs, or of the process, would change. */
const snapshot = () => ({
  decoder: Object.getOwnPropertyDescriptors(Decoder.prototype),
  codecs: { ...(kafkajs.CompressionCodecs as unknown as Record<number, unknown>) },
  env: { ...process.env },
});

test('the kafkajs of the service and the environment of the process are not changed', async () => {
  const before = snapshot();
  const topic = await kafka.topic(1);
  await kafka.produce(topic, [{ value: 'x', headers: { a: '1', b: '2' } }]);
  const rig = await startMapping({ Topics: [topic] });
  await until('delivery', () => rig.records().length === 1);
  await rig.stop();
  const after = snapshot();
  expect(Reflect.ownKeys(after.decoder)).toEqual(Reflect.ownKeys(before.decoder));
  for (const key of Reflect.ownKeys(before.decoder) as (keyof typeof before.decoder)[]) {
    expect(after.decoder[key]?.value).toBe(before.decoder[key]?.value);
  }
  expect(after.codecs).toEqual(before.codecs);
  expect(after.env).toEqual(before.env);
});
