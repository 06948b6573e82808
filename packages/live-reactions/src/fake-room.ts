const WINDOW_MS = 2000;

/** What the fake server knows of a room. */
export interface FakeRoom {
  add(emoji: string, count: number): void;
  /** The number of taps of an emoji. */
  total(emoji: string): number;
  /** As in a frame and in the answer of `GET /live`. */
  frame(): Record<string, unknown>;
}

export const createFakeRoom = (room_id: string, clock: () => number): FakeRoom => {
  const windows = new Map<number, Map<string, number>>();
  const totals = new Map<string, number>();
  const increase = (counts: Map<string, number>, emoji: string, count: number) =>
    counts.set(emoji, (counts.get(emoji) ?? 0) + count);
  return {
    add(emoji, count) {
      const start = Math.floor(clock() / WINDOW_MS) * WINDOW_MS;
      const window = windows.get(start) ?? new Map<string, number>();
      windows.set(start, window);
      increase(window, emoji, count);
      increase(totals, emoji, count);
    },
    total: (emoji) => totals.get(emoji) ?? 0,
    frame: () => ({
      v: 1,
      type: 'counts',
      room_id,
      window_ms: WINDOW_MS,
      aggregation_ratio: 1,
      windows: [...windows].slice(-10).map(([start, counts]) => ({
        start: new Date(start).toISOString(),
        counts: Object.fromEntries(counts),
      })),
      totals: Object.fromEntries(totals),
      at: new Date(clock()).toISOString(),
    }),
  };
};
