import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../support/random.ts';
import type { Fault } from './fault.ts';

/** Three times what two cores take while other processes use half of them (docs/reliability.md, Overload). */
const PER_SECOND_AND_CORE = 1000;
const SEND_EVERY_MS = 10;

/** Uses a processor for this time (ms), whatever becomes of this process. */
const busyProcess = (ms: number) =>
  spawn(process.execPath, ['-e', `const end = Date.now() + ${Math.ceil(ms)}; while (Date.now() < end);`], {
    stdio: 'ignore',
    env: { ...process.env, NODE_OPTIONS: '' },
  });

/** No client may be unregistered meanwhile: every round checks that, see `unregistered`. */
export const overload: Fault = {
  name: 'machine at three times its capacity',
  on: 'single',
  share: 5,
  async run({ random, rooms, crowd, heals }) {
    const cores = availableParallelism();
    const ms = between(random, 2000, 5000);
    const busy = Array.from({ length: cores }, () => busyProcess(ms));
    try {
      const began = performance.now();
      for (let sent = 0; performance.now() - began < ms; await sleep(SEND_EVERY_MS)) {
        const due = ((performance.now() - began) / 1000) * PER_SECOND_AND_CORE * cores;
        for (; sent < due; sent++) void crowd.tap(rooms[sent % rooms.length] ?? 'global');
      }
    } finally {
      for (const child of busy) child.kill('SIGKILL');
    }
    heals();
  },
};
