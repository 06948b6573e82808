/**
 * Measures the milliseconds between sending a record and its delivery to an idle reader, one record at a time, with a
 * batching window of 0, and compares them with kafkajs alone: `tsx bench/latency.ts [records]`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { client, deleteTopic, filledTopic } from './broker.ts';
import { inProcess, plainKafkajs, throughSdk } from './subjects.ts';
import type { Subject } from './subjects.ts';

const [, , records = '150'] = process.argv;

const latencies = async (subject: Subject): Promise<number[]> => {
  const topic = await filledTopic(1, 1);
  const producer = client.producer();
  await producer.connect();
  let arrived: () => void = () => undefined;
  const next = (): Promise<void> => new Promise((resolve) => (arrived = resolve));
  const started = next();
  const stop = await subject(topic, () => arrived());
  await started;
  const list: number[] = [];
  for (let n = 0; n < Number(records); n++) {
    // Long enough for the reader to be idle; random, so that records are not synchronized with its fetches.
    await sleep(30 + Math.random() * 120);
    const got = next();
    const before = performance.now();
    await producer.send({ topic, acks: -1, messages: [{ key: 'k', value: 'v', partition: 0 }] });
    await got;
    list.push(performance.now() - before);
  }
  await stop();
  await producer.disconnect();
  await deleteTopic(topic);
  return list.sort((a, b) => a - b);
};

const at = (list: readonly number[], share: number): string => (list[Math.floor(list.length * share)] ?? 0).toFixed(1);
for (const [name, subject] of Object.entries({
  kafkajs: plainKafkajs,
  'in process': inProcess(0),
  sdk: throughSdk(0),
})) {
  const list = await latencies(subject);
  console.log(`${name}: p50 ${at(list, 0.5)} ms, p90 ${at(list, 0.9)} ms, p99 ${at(list, 0.99)} ms`);
}
process.exit(0);
