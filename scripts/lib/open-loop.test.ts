import { afterEach, expect, test } from '@jest/globals';
import { until } from '../../test/support/until.ts';
import { openLoop, type OpenLoop } from './open-loop.ts';
import { Schedule } from './schedule.ts';

let loop: OpenLoop;
let requests: ReturnType<typeof heldRequests>;
/** A loop does not end by itself. */
afterEach(() => {
  const finished = loop.finish();
  requests.answer();
  return finished;
});

/** Requests whose answers are given by the test. */
const heldRequests = () => {
  const waiting: (() => void)[] = [];
  let sent = 0;
  return {
    send: () => {
      sent++;
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    sent: () => sent,
    waiting: () => waiting.length,
    answer: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
};

test('requests are sent without waiting for answers, up to the limit; an answer allows the next one', async () => {
  requests = heldRequests();
  const schedule = new Schedule({ perSecond: 1000 });
  loop = openLoop({ schedule, maxInFlight: 5, send: requests.send, onSkipped: () => undefined });
  await until('five requests are sent', () => requests.sent() === 5);
  await until('more requests are due', () => loop.due() > 20);
  expect(loop.inFlight).toBe(5);
  expect(requests.sent()).toBe(5);
  requests.answer();
  await new Promise(setImmediate);
  expect(requests.sent()).toBe(10);
});

test('finish waits for the last answer; every due request was sent or skipped', async () => {
  requests = heldRequests();
  let skipped = 0;
  const schedule = new Schedule({ perSecond: 500 });
  loop = openLoop({ schedule, maxInFlight: 3, send: requests.send, onSkipped: (n) => (skipped += n) });
  await until('some requests are due', () => loop.due() > 10);
  let finished = false;
  const finishing = loop.finish().then(() => (finished = true));
  const due = loop.due();
  await Promise.resolve();
  expect(finished).toBe(false);
  requests.answer();
  await finishing;
  expect(requests.sent() + skipped).toBe(due);
  expect(requests.sent()).toBe(3);
  expect(loop.inFlight).toBe(0);
});
