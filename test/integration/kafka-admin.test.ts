import { connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaAdmin } from '../../lib/adapters/kafka/admin.ts';
import { BrokerCheck } from '../../lib/adapters/kafka/broker-check.ts';
import { KafkaRecordLog } from '../../lib/adapters/kafka/record-log.ts';
import { KafkaRecordReader } from '../../lib/adapters/kafka/record-reader.ts';
import { NoAnswerInTime } from '../../lib/adapters/in-time.ts';
import { createTopic, kafkaFor, withAdmin } from '../support/kafka.ts';
import { kafkaBrokers, quiet } from '../support/services.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const act of undo.splice(0).reverse()) await act();
});

/** An admin with all sockets that it has opened. */
const open = () => {
  const sockets: Socket[] = [];
  const kafka = new Kafka({
    brokers: [kafkaBrokers()],
    logLevel: logLevel.NOTHING,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      sockets.push(socket);
      return socket;
    },
  });
  const admin = new KafkaAdmin(kafka);
  undo.push(() => admin.close());
  return { kafka, admin, sockets, areOpen: () => sockets.map(({ destroyed }) => !destroyed) };
};

const gate = () => {
  let pass = () => {};
  const passed = new Promise<void>((resolve) => (pass = resolve));
  return { pass, passed };
};

const listTopics = (admin: KafkaAdmin) => admin.ask((asked) => asked.listTopics());

test('record log, reader and health check connect at their first question and share the connection', async () => {
  const topic = await createTopic(kafkaFor(), 1);
  const { kafka, admin, sockets } = open();
  const log = new KafkaRecordLog(kafka, admin, { ackTimeoutMs: 5000, log: quiet });
  undo.push(() => log.close());
  const reader = new KafkaRecordReader(kafka, admin);
  const check = new BrokerCheck(admin, { topics: [], log: quiet });
  await log.append(topic, []);
  expect(sockets).toHaveLength(0);
  await Promise.all([reader.ends(topic), reader.ends(topic), check.check()]);
  expect(sockets).toHaveLength(1);
  await log.append(topic, [{ value: 'x' }]);
  expect(sockets).toHaveLength(2); // that of the producer
  await Promise.all([reader.ends(topic), check.check()]);
  expect(sockets).toHaveLength(2);
});

test('a connection that was idle for a minute is replaced', async () => {
  const { admin, areOpen } = open();
  await listTopics(admin);
  const now = performance.now.bind(performance);
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + 50_000);
  await listTopics(admin);
  expect(areOpen()).toEqual([true]);
  clock.mockImplementation(() => now() + 50_000 + 61_000);
  await listTopics(admin);
  await until('the old connection is closed', () => !areOpen()[0]);
  expect(areOpen()).toEqual([false, true]);
});

test('a call that fails replaces the connection, which stays open for the calls that still use it', async () => {
  const { admin, areOpen } = open();
  const { pass, passed } = gate();
  const slow = admin.use(async (asked) => {
    await passed;
    return asked.listTopics();
  });
  await expect(admin.use(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await listTopics(admin);
  expect(areOpen()).toEqual([true, true]);
  pass();
  expect(await slow).toEqual(await listTopics(admin));
  await until('the first connection is closed', () => !areOpen()[0]);
  expect(areOpen()).toEqual([false, true]);
});

test('a question is asked again when a kept connection fails at once; other work is not repeated', async () => {
  const { admin } = open();
  let calls = 0;
  const failsOnce = async () => {
    if (++calls === 1) throw new Error('closed');
    return calls;
  };
  await expect(admin.ask(failsOnce)).rejects.toThrow('closed'); // a new connection
  await listTopics(admin);
  calls = 0;
  expect(await admin.ask(failsOnce)).toBe(2);
  calls = 0;
  await expect(admin.use(failsOnce)).rejects.toThrow('closed');
  expect(calls).toBe(1);
});

test('a call ends after its time limit, and leaves no connection open, even if its work continues', async () => {
  const { admin, areOpen } = open();
  const { pass, passed } = gate();
  let isOver = false;
  const work = async (asked: Parameters<Parameters<typeof admin.use>[0]>[0]) => {
    await passed;
    await asked.listTopics();
    isOver = true;
  };
  await listTopics(admin);
  await expect(admin.ask(work, 50)).rejects.toThrow(NoAnswerInTime);
  await until('the connection is closed', () => !areOpen().includes(true));
  pass();
  await until('the work is over', () => isOver);
  await until('the connection that it has opened is closed', () => !areOpen().includes(true));
  expect(areOpen().length).toBeGreaterThan(1); // kafkajs may have tried more than once
});

test('numbers of partitions are cached, and requested again when more partitions are needed', async () => {
  const kafka = kafkaFor();
  const topic = await createTopic(kafka, 2);
  const { admin } = open();
  const questions = jest.spyOn(admin, 'ask');
  expect(await Promise.all([admin.partitionCount(topic), admin.partitionCount(topic, 2)])).toEqual([2, 2]);
  await withAdmin(kafka, (other) => other.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
  expect(await admin.partitionCount(topic)).toBe(2);
  expect(questions).toHaveBeenCalledTimes(1);
  await until('the new partition is known', async () => (await admin.partitionCount(topic, 3)) === 3);
  expect(await admin.partitionCount(topic)).toBe(3);
});

test('the number of partitions of a missing topic is an error that is not cached', async () => {
  const { admin } = open();
  const topic = `test-${randomUUID()}`;
  await expect(admin.partitionCount(topic)).rejects.toThrow();
  await createTopic(kafkaFor(), 3, { topic });
  expect(await admin.partitionCount(topic)).toBe(3);
});

test('after `close` no connection is open, and the next call opens a new one', async () => {
  const { admin, areOpen } = open();
  await listTopics(admin);
  await admin.close();
  await until('the connection is closed', () => !areOpen().includes(true));
  await listTopics(admin);
  expect(areOpen()).toEqual([false, true]);
});
