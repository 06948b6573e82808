import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../support/random.ts';
import type { Fault } from './fault.ts';
import { diskImpossible } from './disk.ts';
import { partOf } from './platform.ts';

const functionsKilled: Fault = {
  name: 'functions’ process killed (kill -9)',
  on: 'single',
  share: 9,
  async run({ platform, heals }) {
    const pid = await platform.functionsPid();
    heals(); // the supervisor's restart is part of the recovery
    process.kill(pid, 'SIGKILL');
  },
};

type Server = 'broker' | 'redisServer';

const killed = (name: string, share: number, which: readonly Server[]): Fault => ({
  name,
  on: 'single',
  share,
  async run({ platform, random, heals }) {
    const services = which.map((each) => partOf(platform, each));
    await Promise.all(services.map((service) => service.kill('SIGKILL')));
    await sleep(between(random, 0, 3000));
    heals();
    await Promise.all(services.map((service) => service.start()));
  },
});

const frozen = (name: string, share: number, fromMs: number, toMs: number, which: Server): Fault => ({
  name,
  on: 'single',
  share,
  async run({ platform, random, heals }) {
    const service = partOf(platform, which);
    await service.kill('SIGSTOP');
    await sleep(between(random, fromMs, toMs));
    heals();
    await service.kill('SIGCONT');
  },
});

const diskFull: Fault = {
  name: 'broker’s disk full',
  on: 'single',
  share: 3,
  impossible: diskImpossible,
  async run({ platform, random, heals }) {
    const [disk, broker] = [partOf(platform, 'disk'), partOf(platform, 'broker')];
    await disk.shrink(between(random, 0, 256 * 1024));
    // A broker shuts down when its only disk is full; if it does not, the fault lasts 8 s.
    for (let waited = 0; broker.pid !== undefined && waited < 8000; waited += 100) await sleep(100);
    heals();
    await disk.grow();
    await broker.kill('SIGKILL');
    await broker.start();
  },
};

export const serviceFaults: readonly Fault[] = [
  functionsKilled,
  killed('broker killed (kill -9)', 6, ['broker']),
  frozen('broker frozen 15 s (SIGSTOP)', 5, 15_000, 15_000, 'broker'),
  killed('Redis killed (kill -9)', 6, ['redisServer']),
  frozen('Redis frozen (SIGSTOP)', 5, 2000, 9000, 'redisServer'),
  killed('Redis and broker killed together', 3, ['broker', 'redisServer']),
  diskFull,
];
