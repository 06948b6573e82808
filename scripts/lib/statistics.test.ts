import { expect, test } from '@jest/globals';
import { ClientStatistics, Statistics } from './statistics.ts';

const fire = { room: 'a', emoji: '🔥' };
const heart = { room: 'b', emoji: '❤️' };

const two = () => {
  const clients = [new ClientStatistics(), new ClientStatistics()] as const;
  return { clients, statistics: new Statistics(clients) };
};

test('a reading has the totals and the changes since the previous reading, of each client and of all', () => {
  const { clients, statistics } = two();
  clients[0].accept([fire, fire], 10);
  clients[1].reject('refused', 3, '503');
  statistics.read();
  clients[0].accept([heart], 10);
  clients[1].reject('failed', 1, 'ECONNRESET');
  clients[1].counts.sent += 4;
  clients[1].counts.retried += 2;
  const { all, clients: rows } = statistics.read();
  expect(all.delta).toEqual({ due: 0, sent: 4, answered: 1, refused: 0, failed: 1, retried: 2, missed: 0 });
  expect(all.total).toEqual({ due: 0, sent: 4, answered: 3, refused: 3, failed: 1, retried: 2, missed: 0 });
  expect(rows.map(({ total }) => total.answered)).toEqual([3, 0]);
  expect(statistics.read().all.delta.answered).toBe(0);
});

test('taps answered 200 are counted by room and emoji, and others by reason', () => {
  const { clients, statistics } = two();
  clients[0].accept([fire, heart], 1);
  clients[1].accept([fire], 1);
  clients[0].reject('refused', 2, '503');
  clients[1].reject('refused', 5, '503');
  clients[1].reject('failed', 1, 'ETIMEDOUT');
  expect(statistics.answered()).toEqual(
    new Map([
      ['a', new Map([['🔥', 2]])],
      ['b', new Map([['❤️', 1]])],
    ]),
  );
  expect(statistics.errors()).toEqual(
    new Map([
      ['503', 7],
      ['ETIMEDOUT', 1],
    ]),
  );
});

test('percentiles cover the requests answered 200 of all clients, exact to one per cent', () => {
  const { clients, statistics } = two();
  for (let n = 1; n <= 100; n++) clients[n % 2 ? 0 : 1].accept([fire], n);
  clients[0].reject('failed', 1, 'ETIMEDOUT');
  const { latency } = statistics.read().all;
  for (const [found, expected] of [
    [latency.p50, 50],
    [latency.p99, 99],
    [latency.max, 100],
  ] as const)
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(expected / 100);
  expect(statistics.read().all.latency).toEqual({ p50: 0, p99: 0, max: 0 });
  expect(statistics.latency().max).toBeGreaterThan(98);
});

test('a latency above the maximum counts as the maximum', () => {
  const { clients, statistics } = two();
  clients[0].accept([fire], 1e9);
  expect(statistics.latency().max).toBeGreaterThan(500_000);
});
