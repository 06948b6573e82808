import { expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';
import { Lane, type Ticket } from './lane.ts';

/** A ticket for a call of so many records that tells how it went. */
const ticket = (pending = 1) => {
  const self: Ticket & { outcome?: string } = {
    pending,
    settled: false,
    done: () => {
      self.settled = true;
      self.outcome = 'done';
    },
    fail: (cause) => {
      self.settled = true;
      self.outcome = String(cause);
    },
  };
  return self;
};

/** A broker that answers when told to. */
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

test('one request is in flight; what comes meanwhile goes with the next, in order', async () => {
  const { requests, send } = heldBroker();
  const lane = new Lane(send);
  lane.push(message('a'), ticket());
  lane.push(message('b'), ticket());
  await turn();
  for (const value of ['c', 'd', 'e']) lane.push(message(value), ticket());
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
  const [one, other] = [new Lane(send), new Lane(send)];
  const both = ticket(2);
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

test('a request that fails fails its calls, and the next goes on', async () => {
  const { requests, send } = heldBroker();
  const lane = new Lane(send);
  const [first, second] = [ticket(), ticket()];
  lane.push(message('a'), first);
  await turn();
  lane.push(message('b'), second);
  requests[0]?.refuse(new Error('no'));
  await turn();
  requests[1]?.answer();
  await turn();
  expect([first.outcome, second.outcome]).toEqual(['Error: no', 'done']);
});

test('what was answered with an error while it waited is not sent any more', async () => {
  const { requests, send } = heldBroker();
  const lane = new Lane(send);
  lane.push(message('a'), ticket());
  await turn();
  const late = ticket();
  lane.push(message('b'), late);
  late.fail('too late');
  lane.push(message('c'), ticket());
  requests[0]?.answer();
  await turn();
  expect(requests.map(({ values }) => values)).toEqual([['a'], ['c']]);
});

test('a request holds a thousand records and stays below a megabyte', async () => {
  const { requests, send } = heldBroker();
  const lane = new Lane(send);
  const sizes = async () => {
    for (let n = 0; n < requests.length; n++) {
      requests[n]?.answer();
      await turn();
    }
    return requests.splice(0).map(({ values }) => values.length);
  };
  for (let n = 0; n < 2500; n++) lane.push(message('x'), ticket());
  await turn();
  expect(await sizes()).toEqual([1000, 1000, 500]);
  const large = '€'.repeat(100_000); // 300 kB
  for (let n = 0; n < 7; n++) lane.push(message(large), ticket());
  lane.push(message(large.repeat(4)), ticket());
  await turn();
  expect(await sizes()).toEqual([3, 3, 1, 1]);
});

test('in an outage the queue does not grow by what was answered with an error', async () => {
  const { requests, send } = heldBroker();
  const lane = new Lane(send);
  lane.push(message('in flight'), ticket());
  await turn();
  let looks = 0;
  for (let n = 0; n < 50_000; n++) {
    const timedOut = Object.defineProperty(ticket(), 'settled', { get: () => ++looks > 0 });
    lane.push(message('x'), timedOut);
  }
  looks = 0;
  requests[0]?.answer();
  await turn();
  expect(looks).toBeLessThanOrEqual(10_000); // each that is still in the queue is looked at as it is left out
  expect(requests).toHaveLength(1);
});
