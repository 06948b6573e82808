import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit, Service } from './service.ts';

export interface SuperviseOptions {
  name: string;
  log: (line: string) => void;
  /** True during the shutdown, when a death is not reported. */
  stopping: () => boolean;
  /** Called once, when it keeps dying. */
  giveUp: (reason: string) => void;
  /** Delay before the first restart; doubles with each further one within a minute. */
  firstDelayMs: number;
  now?: () => number;
}

const LIMIT = 5;
const WITHIN_MS = 60_000;

/** Restarts a service when it dies unexpectedly, up to five times within a minute. */
export function supervise(service: Pick<Service, 'start' | 'onDeath'>, options: SuperviseOptions): void {
  const { name, log, stopping, giveUp, firstDelayMs, now = () => performance.now() } = options;
  let restarts: number[] = [];

  async function revive(how: string): Promise<void> {
    for (;;) {
      if (stopping()) return;
      restarts = restarts.filter((at) => now() - at < WITHIN_MS);
      if (restarts.length >= LIMIT) return giveUp(`${name} ended ${LIMIT + 1} times within a minute.`);
      const delay = firstDelayMs * 2 ** restarts.length;
      restarts.push(now());
      log(`${name} ended (${how}); starting again in ${(delay / 1000).toFixed(1)} s (${restarts.length} of ${LIMIT})`);
      await sleep(delay);
      if (stopping()) return;
      try {
        await service.start();
        log(`${name} is back`);
        return;
      } catch (error) {
        how = (error as Error).message;
      }
    }
  }
  service.onDeath((exit: Exit) => void revive(exit.signal ?? `exit code ${exit.code}`));
}
