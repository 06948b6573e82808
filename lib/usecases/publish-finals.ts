import type { RoomCounts } from '../domain/frame.ts';
import { groupBy } from '../domain/group-by.ts';
import type { Clock, CountStore, RecordLog } from '../ports.ts';
import { publishCounts } from './publish-counts.ts';

interface Deps {
  store: Pick<CountStore, 'overdue' | 'markFinal'>;
  records: RecordLog;
  clock: Clock;
  settings: { windowMs: number; ratio: number };
}

/** Merges the windows of one room. Their totals were read one after the other, so the last are the largest. */
const mergeRoom = (parts: readonly RoomCounts[]): RoomCounts[] => {
  const last = parts.at(-1);
  return last ? [{ ...last, windows: parts.flatMap(({ windows }) => windows) }] : [];
};

/** Publishes the final counts of windows that are over. After a failure the next call publishes them. */
export const createPublishFinals =
  ({ store, records, clock, settings }: Deps) =>
  async (): Promise<void> => {
    for (;;) {
      const now = clock();
      const due = await store.overdue(now);
      if (due.length === 0) return;
      const rooms = groupBy(
        due.flatMap((window) => window.rooms),
        ({ room }) => room,
      );
      await publishCounts(records, [...rooms.values()].flatMap(mergeRoom), settings, now);
      await store.markFinal(due, now);
    }
  };
