import { expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';
import { PartitionQueue, type AppendCall } from './partition-queue.ts';

/** An append call of this many records, which stores its outcome. */
const appendCall = (pending = 1) => {
  const self: AppendCall & { outcome?: string } = {
    pending,
    ended: false,
    done: () => {
      self.ended = true;
      self.outcome = 'done';
    },
    fail: (cause) => {
      self.ended = true;
      self.outcome = String(cause);
    },
  };
  return self;
};

/** A broker whose answers are given by the test. */
const heldBroker = () => {
  const requests: { values: string[]; answer: () => void; refuse: (error: Error) => void }[] = [];
  const send = (messages: Message[]) =>
    new Promise<void>((answer, refuse) => {
      requests.push({ values: messages.map(({ value }) => String(value)), answer, refuse });
    });
  return { requests, send };
};
const message = (value: string): Message => ({ value });
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('one request is in flight; records pushed meanwhile go into the next, in order', async () => {
  const { requests, send } = heldBroker();
  const queue = new PartitionQueue(send);
  queue.push(message('a'), appendCall());
  queue.push(message('b'), appendCall());
  await turn();
  for (const value of ['c', 'd', 'e']) queue.push(message(value), appendCall());
  await turn();
  expect(requests.map(({ values }) => values)).toEqual([['a', 'b']]);
  requests[0]?.answer();
  await turn();
  expect(requests.map(({ values }) => values)).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
});

test('a call is done when the last of its records is acknowledged', async () => {
  const { requests, send } = heldBroker();
  const [one, other] = [new PartitionQueue(send), new PartitionQueue(send)];
  const both = appendCall(2);
  one.push(message('a'), both);
  other.push(message('b'), both);
  await turn();
  requests[0]?.answer();
  await turn();
  expect(both.outcome).toBeUndefined();
  requests[1]?.answer();
  await turn();
  expect(both.outcome).toBe('done');
});

test('a failed request fails its calls, and the next request is sent', async () => {
  const { requests, send } = heldBroker();
  const queue = new PartitionQueue(send);
  const [first, second] = [appendCall(), appendCall()];
  queue.push(message('a'), first);
  await turn();
  queue.push(message('b'), second);
  requests[0]?.refuse(new Error('no'));
  await turn();
  requests[1]?.answer();
  await turn();
  expect([first.outcome, second.outcome]).toEqual(['Error: no', 'done']);
});

test('records of a call that failed while they waited are not sent', async () => {
  const { requests, send } = heldBroker();
  const queue = new PartitionQueue(send);
  queue.push(message('a'), appendCall());
  await turn();
  const late = appendCall();
  queue.push(message('b'), late);
  late.fail('too late');
  queue.push(message('c'), appendCall());
  requests[0]?.answer();
  await turn();
  expect(requests.map(({ values }) => values)).toEqual([['a'], ['c']]);
});

test('a request has at most 1,000 records and stays below 1 MiB', async () => {
  const { requests, send } = heldBroker();
  const queue = new PartitionQueue(send);
  const sizes = async () => {
    for (let n = 0; n < requests.length; n++) {
      requests[n]?.answer();
      await turn();
    }
    return requests.splice(0).map(({ values }) => values.length);
  };
  for (let n = 0; n < 2500; n++) queue.push(message('x'), appendCall());
  await turn();
  expect(await sizes()).toEqual([1000, 1000, 500]);
  const large = '€'.repeat(100_000); // 300 kB
  for (let n = 0; n < 7; n++) queue.push(message(large), appendCall());
  queue.push(message(large.repeat(4)), appendCall());
  await turn();
  expect(await sizes()).toEqual([3, 3, 1, 1]);
});

test('in an outage, records of failed calls are removed from the queue', async () => {
  const { requests, send } = heldBroker();
  const queue = new PartitionQueue(send);
  queue.push(message('in flight'), appendCall());
  await turn();
  let checks = 0;
  for (let n = 0; n < 50_000; n++) {
    const timedOut = Object.defineProperty(appendCall(), 'ended', { get: () => ++checks > 0 });
    queue.push(message('x'), timedOut);
  }
  checks = 0;
  requests[0]?.answer();
  await turn();
  expect(checks).toBeLessThanOrEqual(10_000); // one check for each record that was still queued
  expect(requests).toHaveLength(1);
});
