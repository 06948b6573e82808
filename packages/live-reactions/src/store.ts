import { timer } from './backoff.ts';
import type { Counted, RoomState } from './frame.ts';
import type { Counts, Tally, Totals } from './types.ts';

/** Windows are kept for this time (ms). */
const HISTORY_MS = 120_000;
/** An own tap that was acknowledged is counted within this time (ms), or it never will be. */
const COUNTED_WITHIN_MS = 10_000;

interface Kept {
  final: boolean;
  counts: Map<string, number>;
}

type Emit = (counts: Counts, totals: Totals) => void;

/** The counts of one room: what the server has said, and own taps ahead of it. Begins empty, with an event. */
export interface Store {
  readonly room: string;
  apply(state: RoomState): void;
  tap(emoji: string): void;
  /** Own taps were accepted, or given up. @param isLast no other own tap waits for its answer */
  settle(emoji: string, count: number, isAccepted: boolean, isLast: boolean): void;
  close(): void;
}

/** Keeps the larger values. */
const raise = (known: Map<string, number>, counts: Counted) => {
  for (const [emoji, n] of counts) known.set(emoji, Math.max(n, known.get(emoji) ?? 0));
};

const tally = (entries: Iterable<readonly [string, number]>): Tally => Object.fromEntries(entries);

export const createStore = (room: string, emit: Emit): Store => {
  const windows = new Map<number, Kept>();
  const totals = new Map<string, number>();
  /** Own taps by which the shown total is ahead of the server's. */
  const own = new Map<string, number>();
  const expiry = timer();
  let last: Counts = { room, windowMs: 2000, ratio: 1, windows: [], added: {}, own: false };
  let isKnown = false;

  const shownTotals = (): Totals => {
    const shown = new Map(totals);
    for (const [emoji, ahead] of own) if (ahead > 0) shown.set(emoji, ahead + (totals.get(emoji) ?? 0));
    return tally(shown);
  };
  const publish = (changes: Partial<Counts>) => {
    last = { ...last, added: {}, own: false, ...changes };
    emit(last, shownTotals());
  };
  const keepWindows = (state: RoomState) => {
    for (const { start, final, counts } of state.windows) {
      const kept = windows.get(start) ?? { final, counts: new Map() };
      kept.final ||= final;
      raise(kept.counts, counts);
      windows.set(start, kept);
    }
    const newest = Math.max(...windows.keys());
    for (const start of windows.keys()) if (start < newest - HISTORY_MS) windows.delete(start);
    return newest;
  };

  publish({});
  return {
    room,
    apply(state) {
      const newest = keepWindows(state);
      const added = new Map<string, number>();
      for (const [emoji, total] of state.totals) {
        const growth = total - (totals.get(emoji) ?? 0);
        if (growth <= 0) continue;
        const ahead = own.get(emoji) ?? 0;
        // The first state of a room may or may not include own taps; `settle` corrects that later.
        const counted = isKnown ? Math.min(growth, ahead) : 0;
        own.set(emoji, ahead - counted);
        const within = (start: number) => windows.get(start)?.counts.get(emoji) ?? 0;
        // What is older than the newest two windows is not animated.
        const visible = Math.min(growth - counted, within(newest) + within(newest - state.windowMs));
        if (visible > 0) added.set(emoji, visible);
      }
      raise(totals, state.totals);
      isKnown = true;
      publish({
        windowMs: state.windowMs,
        ratio: state.ratio,
        windows: [...windows]
          .sort(([a], [b]) => a - b)
          .map(([start, kept]) => ({ start, final: kept.final, counts: tally(kept.counts) })),
        added: tally(added),
      });
    },
    tap(emoji) {
      expiry.clear();
      own.set(emoji, (own.get(emoji) ?? 0) + 1);
      publish({ added: { [emoji]: 1 }, own: true });
    },
    settle(emoji, count, isAccepted, isLast) {
      if (!isAccepted) {
        own.set(emoji, Math.max(0, (own.get(emoji) ?? 0) - count));
        publish({});
      }
      expiry.clear();
      if (isLast)
        expiry.set(COUNTED_WITHIN_MS, () => {
          own.clear();
          publish({});
        });
    },
    close: expiry.clear,
  };
};
