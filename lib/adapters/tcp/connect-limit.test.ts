import { expect, test } from '@jest/globals';
import { until } from '../../../test/support/until.ts';
import { ConnectLimit } from './connect-limit.ts';

/** A connect that ends when it is told to. */
const pending = () => {
  let end = () => {};
  const promise = new Promise<string>((resolve) => (end = () => resolve('open')));
  const connect = Object.assign(
    () => {
      connect.begun = true;
      return promise;
    },
    { begun: false, end },
  );
  return connect;
};
const atOnce = async () => 'open';
/**
 * Makes connects to another address one after the other. When they have ended, several intervals are over, and a connect
 * that has not begun waits for another reason.
 */
const letIntervalsPass = async (limit: ConnectLimit) => {
  for (let n = 0; n < 5; n++) expect(await limit.run(['192.0.2.9'], atOnce)).toBe('open');
};

test('at most the configured number of connects to an address begin within the interval, also when they fail', async () => {
  const limit = new ConnectLimit(2, 200);
  const begun: number[] = [];
  const connects = Array.from({ length: 6 }, (_, n) =>
    limit.run(['192.0.2.1'], async () => {
      begun.push(performance.now());
      if (n % 2) throw new Error('refused');
      return 'open';
    }),
  );
  const results = await Promise.allSettled(connects);
  expect(results.map(({ status }) => status)).toEqual(
    Array.from({ length: 6 }, (_, n) => (n % 2 ? 'rejected' : 'fulfilled')),
  );
  for (const n of [0, 1, 2, 3]) expect((begun[n + 2] ?? 0) - (begun[n] ?? 0)).toBeGreaterThan(190);
});

test('a connect under way keeps its place until it ends; connects to other addresses do not wait', async () => {
  const limit = new ConnectLimit(1, 1);
  const [slow, next] = [pending(), pending()];
  const opened = limit.run(['192.0.2.1'], slow);
  void limit.run(['192.0.2.1'], next);
  await letIntervalsPass(limit);
  expect([slow.begun, next.begun]).toEqual([true, false]);
  slow.end();
  expect(await opened).toBe('open');
  await until('the next connect begins', () => next.begun);
});

test('a host with several addresses takes a place of each, in whatever order they are resolved', async () => {
  const limit = new ConnectLimit(1, 1);
  const both = pending();
  const opened = limit.run(['192.0.2.2', '192.0.2.1'], both);
  const one = pending();
  await until('the first connect begins', () => both.begun);
  void limit.run(['192.0.2.2'], one);
  await letIntervalsPass(limit);
  expect(one.begun).toBe(false);
  both.end();
  one.end();
  expect(await opened).toBe('open');
  const reversed = [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'b'],
  ] as const;
  expect(await Promise.all(reversed.map((addresses) => limit.run(addresses, atOnce)))).toEqual([
    'open',
    'open',
    'open',
  ]);
});
