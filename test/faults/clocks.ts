import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf } from '../support/random.ts';
import { clocksImpossible } from './clock.ts';
import type { Fault } from './fault.ts';
import { partOf } from './platform.ts';

const HALF_AN_HOUR_S = 1800;

const steppedClock = (name: string, process: 'functions' | 'redis'): Fault => ({
  name: `clock of ${name} set 30 minutes ahead or back, and right again`,
  on: 'single',
  share: 5,
  impossible: clocksImpossible,
  async run({ platform, random, heals }) {
    const clock = partOf(platform, 'clocks')[process];
    clock.shift(oneOf(random, [HALF_AN_HOUR_S, -HALF_AN_HOUR_S]));
    await sleep(between(random, 1000, 5000));
    heals();
    clock.shift(0);
  },
});

export const functionsClock = steppedClock('the functions', 'functions');
export const redisClock = steppedClock('Redis', 'redis');
