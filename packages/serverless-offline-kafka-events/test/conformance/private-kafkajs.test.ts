import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { TestKafka, until } from '../kafka.ts';
import { startMapping } from '../mapping-rig.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

const require = createRequire(import.meta.url);
const MODULES = [
  'protocol/decoder',
  'protocol/requests/fetch',
  'consumer/batch',
  'consumer/fetcher',
  'consumer/runner',
];
const ownValues = (it: object): unknown[] =>
  Reflect.ownKeys(it)
    .filter((key) => !['arguments', 'caller', 'callee'].includes(String(key)))
    .map((key) => [key, (it as Record<PropertyKey, unknown>)[key]]);

/** The parts of kafkajs and of the process that a patch would change. */
const snapshot = () => ({
  modules: MODULES.map((name) => require(`kafkajs/src/${name}`) as { readonly prototype?: object }).map((module) => [
    ownValues(module),
    ownValues(module.prototype ?? {}),
  ]),
  codecs: { ...(kafkajs.CompressionCodecs as unknown as Record<number, unknown>) },
  env: { ...process.env },
});

test('a mapping changes neither the kafkajs of the service nor the environment of the process', async () => {
  const before = snapshot();
  const topic = await kafka.topic(1);
  await kafka.produce(topic, [{ value: 'x', headers: { a: '1', b: '2' } }]);
  const rig = await startMapping({ Topics: [topic] });
  await until('the delivery', () => rig.records().length === 1);
  await rig.stop();
  const after = snapshot();
  expect(after.modules).toEqual(before.modules);
  expect(after.codecs).toEqual(before.codecs);
  expect(after.env).toEqual(before.env);
});
