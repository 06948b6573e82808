import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf } from '../support/random.ts';
import type { Fault } from './fault.ts';
import { partOf } from './platform.ts';

const NAMES = { kafka: 'broker', redis: 'Redis' } as const;
type Link = keyof typeof NAMES;

const cut = (link: Link): Fault => ({
  name: `network to ${NAMES[link]} cut`,
  on: 'single',
  share: 4,
  async run({ platform, random, heals }) {
    const how = oneOf(random, ['refuse', 'swallow'] as const);
    partOf(platform, 'links')[link][how]();
    await sleep(between(random, 1000, 8000));
    heals();
    partOf(platform, 'links')[link].heal();
  },
});

const slow = (link: Link): Fault => ({
  name: `network to ${NAMES[link]} slow (50–400 ms each way)`,
  on: 'single',
  share: 3,
  async run({ platform, random, heals }) {
    partOf(platform, 'links')[link].delay(between(random, 50, 400));
    await sleep(between(random, 2000, 5000));
    heals();
    partOf(platform, 'links')[link].heal();
  },
});

export const networkFaults: readonly Fault[] = [cut('kafka'), cut('redis'), slow('kafka'), slow('redis')];
