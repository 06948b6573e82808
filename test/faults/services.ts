import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../support/random.ts';
import type { Fault } from './fault.ts';
import type { FaultPlatform } from './platform.ts';

const functionsKilled: Fault = {
  name: 'functions’ process killed (kill -9)',
  share: 22,
  async run({ platform, heals }) {
    const pid = await platform.functionsPid();
    heals(); // the supervisor's restart is a part of the recovery
    process.kill(pid, 'SIGKILL');
  },
};

type Services = Pick<FaultPlatform, 'broker' | 'redis'>;

const killed = (name: string, share: number, pick: (services: Services) => Services['redis'][]) => ({
  name,
  share,
  async run({ platform, random, heals }: Parameters<Fault['run']>[0]) {
    const services = pick(platform);
    await Promise.all(services.map((service) => service.kill('SIGKILL')));
    await sleep(between(random, 0, 3000));
    heals();
    await Promise.all(services.map((service) => service.start()));
  },
});

const frozen = (name: string, share: number, fromMs: number, toMs: number, pick: 'broker' | 'redis'): Fault => ({
  name,
  share,
  async run({ platform, random, heals }) {
    await platform[pick].kill('SIGSTOP');
    await sleep(between(random, fromMs, toMs));
    heals();
    await platform[pick].kill('SIGCONT');
  },
});

const diskFull: Fault = {
  name: 'broker’s disk full',
  share: 4,
  impossible: ({ disk }) => (disk ? undefined : 'a tmpfs can’t be mounted here'),
  async run({ platform: { disk, broker }, random, heals }) {
    await disk?.shrink(between(random, 0, 256 * 1024));
    // Until the broker gives up, as it does with its only disk; where it does not, it was full for a while.
    for (let waited = 0; broker.pid !== undefined && waited < 8000; waited += 100) await sleep(100);
    heals();
    await disk?.grow();
    await broker.kill('SIGKILL');
    await broker.start();
  },
};

export const serviceFaults: readonly Fault[] = [
  functionsKilled,
  killed('broker killed (kill -9)', 8, ({ broker }) => [broker]),
  frozen('broker frozen 15 s (SIGSTOP)', 5, 15_000, 15_000, 'broker'),
  killed('Redis killed (kill -9)', 8, ({ redis }) => [redis]),
  frozen('Redis frozen (SIGSTOP)', 5, 2000, 9000, 'redis'),
  killed('Redis and broker killed together', 5, ({ broker, redis }) => [broker, redis]),
  diskFull,
];
