// Runs in a project in which the tarball is installed. Delivers the records of a topic to a function. Prints as JSON the
// delivered values, and whether the kafkajs of the project and the environment are unchanged.
// Arguments: broker, topic, a topic to be created.
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { BroadcastChannel } from 'node:worker_threads';
import kafkajs from 'kafkajs';
import KafkaEventsPlugin from 'serverless-offline-kafka-events';

const [, , broker, topic, created] = process.argv;
const { cache } = createRequire(import.meta.url);
/** @param {any} it */
const ownValues = (it) =>
  Object.entries(Object.getOwnPropertyDescriptors(Object(it))).map(([key, { value, get, set }]) => [
    key,
    value,
    get,
    set,
  ]);
const snapshot = () => ({
  kafkajs: Object.entries(cache)
    .filter(([file]) => file.includes('kafkajs'))
    .map(([file, module]) => [file, ownValues(module?.exports), ownValues(module?.exports?.prototype)]),
  codecs: Object.entries(kafkajs.CompressionCodecs),
  env: { ...process.env },
});

const consumer = {
  name: 'shop-dev-consumer',
  handler: 'handler.consumer',
  events: [{ msk: { arn: 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/1', topic } }],
};
const serverless = {
  config: { servicePath: process.cwd() },
  serviceDir: process.cwd(),
  service: {
    service: 'shop',
    provider: { runtime: 'nodejs20.x', environment: {}, region: 'eu-west-1' },
    custom: { kafkaEvents: { bootstrapServers: broker, createTopics: [{ topic: created, partitions: 2 }] } },
    getAllFunctions: () => ['consumer'],
    getFunction: () => consumer,
  },
};
const print = (/** @type {string} */ line) => console.error(line);
const log = { notice: print, warning: print, error: print, debug: () => undefined };

const before = snapshot();
if (before.kafkajs.length < 100) throw new Error('kafkajs is not in the module cache');
const plugin = new KafkaEventsPlugin(serverless, {}, { log });
const delivered = new Promise((resolve) => {
  new BroadcastChannel('delivered').onmessage = (/** @type {any} */ { data }) => resolve(data);
});
await plugin.hooks['after:offline:start:init']();
const values = await delivered;
await plugin.hooks['before:offline:start:end']();
const after = snapshot();
console.log(
  JSON.stringify({
    values,
    kafkajsUntouched: isDeepStrictEqual([before.kafkajs, before.codecs], [after.kafkajs, after.codecs]),
    environmentUntouched: isDeepStrictEqual(before.env, after.env),
  }),
);
process.exit(0);
