import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { publishTotals, type Counter } from '../lib/usecases/count-taps.ts';
import { deps } from '../lib/deps.ts';
import type { WindowTotals } from '../lib/domain/update.ts';
import { groupBy } from '../lib/domain/group-by.ts';
import type { Logger } from '../lib/log.ts';
import type { Clock, RecordLog, Registry, WindowStore } from '../lib/ports.ts';

interface Deps {
  windows: WindowStore;
  records: RecordLog;
  registry: Pick<Registry, 'expire'>;
  counter: Pick<Counter, 'recountLost'>;
  clock: Clock;
  log: Logger;
  settings: { windowMs: number; ratio: number };
}

const EVERY_MS = 1000;
/** A schedule can't fire more than once a minute, so one run looks every second for this long. */
const RUN_MS = 58_000;

/**
 * Scheduled: what must happen though nobody taps. Publishes the final counts of rooms that have fallen silent (the
 * others' go with their next batch), counts again what Redis has lost, and forgets the clients whose time is over.
 */
export const createHandler = ({ windows, records, registry, counter, clock, log, settings }: Deps) => {
  /** Room by room: what fails for one must not keep the others' back. Its windows stay due. */
  const publish = async (rooms: ReadonlyMap<string, readonly WindowTotals[]>): Promise<string[]> => {
    const names = [...rooms.keys()];
    const outcomes = await Promise.allSettled(
      [...rooms.values()].map((each) => publishTotals(records, each, settings)),
    );
    const failed = outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [names[n] ?? ''] : []));
    const error = outcomes.find((outcome) => outcome.status === 'rejected')?.reason as unknown;
    if (failed.length > 0)
      log.error('final counts were not published', { rooms: failed.slice(0, 10), failed: failed.length, error });
    return names.filter((_, n) => outcomes[n]?.status === 'fulfilled');
  };

  const publishFinals = async () => {
    const now = clock();
    const counts = await windows.open();
    const rooms = groupBy(await counts.overdue(now), ({ room }) => room);
    await counts.settle(await publish(rooms), now);
  };

  /** One step that fails must not cost the others, nor the minute's other looks: what is due stays due. */
  const look = async () => {
    const attempt = (work: Promise<unknown>, failed: string) =>
      work.catch((error: unknown) => log.error(failed, { error }));
    await attempt(registry.expire(clock()), 'clients were not forgotten');
    await attempt(counter.recountLost(), 'lost counts were not counted again');
    await attempt(publishFinals(), 'rooms were not looked at');
  };

  /** @param event `{"runMs": 0}` looks once. */
  return async (event: { runMs?: number } = {}, _context?: Context): Promise<void> => {
    const until = clock() + (event.runMs ?? RUN_MS);
    for (;;) {
      await look();
      if (clock() + EVERY_MS > until) return;
      await sleep(EVERY_MS);
    }
  };
};

export const handler = createHandler({
  windows: deps.windows,
  records: deps.records,
  registry: deps.registry,
  counter: deps.counter('finalize'),
  clock: Date.now,
  log: deps.log.child('finalize'),
  settings: deps.windowSettings,
});
