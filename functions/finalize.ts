import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { deps } from '../lib/deps.ts';
import { steadyClock } from '../lib/domain/steady-clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Clock, CountStore, RecordLog, Registry } from '../lib/ports.ts';
import type { Counter } from '../lib/usecases/count-taps.ts';
import { createPublishFinals } from '../lib/usecases/publish-finals.ts';

interface Deps {
  store: CountStore;
  records: RecordLog;
  registry: Pick<Registry, 'expire'>;
  counter: Pick<Counter, 'recountLost'>;
  clock: Clock;
  /** A clock that can't be set. */
  monotonic?: Clock;
  log: Logger;
  settings: { windowMs: number; ratio: number };
}

const EVERY_MS = 1000;
/** A schedule fires at most once a minute, so each run repeats its work every second for this long. */
const RUN_MS = 58_000;

/**
 * Scheduled, for work that does not depend on new taps: publishes the final counts of windows that are over, recounts
 * taps whose counts Redis has lost, and removes expired clients and windows.
 */
export const createHandler = ({
  store,
  records,
  registry,
  counter,
  clock,
  monotonic = () => performance.now(),
  log,
  settings,
}: Deps) => {
  const isSteady = steadyClock(clock, monotonic);
  const publishFinals = createPublishFinals({ store, records, clock, settings });

  /** A failed step must not prevent the other steps or later repetitions; it is repeated a second later. */
  const attempt = (work: Promise<unknown>, failed: string) =>
    work.catch((error: unknown) => log.error(failed, { error }));

  const runOnce = async () => {
    // By a clock that is set ahead, all clients have expired.
    if (isSteady()) await attempt(registry.expire(clock()), 'expired clients were not removed');
    await attempt(counter.recountLost(), 'lost counts were not counted again');
    await attempt(publishFinals(), 'final counts were not published');
  };

  /** @param event `{"runMs": 0}` runs all steps once; `stop`, of a server, ends the run after the step under way */
  return async (event: { runMs?: number; stop?: AbortSignal } = {}, _context?: Context): Promise<void> => {
    const { runMs = RUN_MS, stop: signal } = event;
    const until = clock() + runMs;
    await attempt(store.trim(clock()), 'old windows were not removed');
    for (;;) {
      await runOnce();
      if (clock() + EVERY_MS > until) return;
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined); // rejects when it is stopped
      if (signal?.aborted) return;
    }
  };
};

export const handler = createHandler({
  store: deps.counts,
  records: deps.records,
  registry: deps.registry,
  counter: deps.counter('finalize'),
  clock: Date.now,
  log: deps.log.child('finalize'),
  settings: deps.windowSettings,
});
