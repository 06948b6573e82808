import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf, type Random } from '../support/random.ts';
import { sendCopies } from '../e2e/crowd.ts';
import { clocksImpossible } from './clock.ts';
import type { Fault } from './fault.ts';
import { partOf } from './platform.ts';

const HALF_AN_HOUR_S = 1800;
const step = (random: Random) => oneOf(random, [HALF_AN_HOUR_S, -HALF_AN_HOUR_S]);

const nameOf = (process: string) => `clock of ${process} set 30 minutes ahead or back, and right again`;

const steppedClock = (name: string, process: 'functions' | 'redis'): Fault => ({
  name: nameOf(name),
  on: 'single',
  share: 5,
  impossible: clocksImpossible,
  async run({ platform, random, heals }) {
    const clock = partOf(platform, 'clocks')[process];
    clock.shift(step(random));
    await sleep(between(random, 1000, 5000));
    heals();
    clock.shift(0);
  },
});

const TAP_EVERY_MS = 20;
/** How many taps are sent to both hosts. */
const COPIES = 200;

/**
 * Half of the traffic goes to an ingest host with a wrong clock; among it copies of taps that the other host has sent to
 * the broker before, with the same `event_id`.
 */
const ingestClock: Fault = {
  name: nameOf('one of two ingest hosts'),
  on: 'single',
  share: 5,
  impossible: clocksImpossible,
  async run({ platform, random, rooms, crowd, heals }) {
    const clock = partOf(platform, 'clocks').ingest;
    const { url } = partOf(platform, 'ingest');
    clock.shift(step(random));
    const until = performance.now() + between(random, 1000, 5000);
    for (let n = 0; performance.now() < until; n++) {
      void crowd.tap(rooms[n % rooms.length] ?? 'global', undefined, url);
      await sleep(TAP_EVERY_MS);
    }
    await sendCopies(url, crowd.taps, COPIES);
    heals();
    clock.shift(0);
  },
};

export const clockFaults: readonly Fault[] = [
  steppedClock('the functions', 'functions'),
  steppedClock('Redis', 'redis'),
  ingestClock,
];
