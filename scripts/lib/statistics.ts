import { createHistogram } from 'node:perf_hooks';

/**
 * Numbers of taps. However often a tap was sent, it is counted once in `sent`, and once as `answered` (with 200),
 * `refused` (with another status) or `failed` (no answer). `retried` is how often taps were sent again; `missed` taps
 * could not be sent in time.
 */
export interface Counts {
  due: number;
  sent: number;
  answered: number;
  refused: number;
  failed: number;
  retried: number;
  missed: number;
}

/** ms; 0 when nothing was measured. */
export interface Latency {
  p50: number;
  p99: number;
  max: number;
}

/** A row of the table: values since the start, and since the previous reading. */
export interface Reading {
  total: Counts;
  delta: Counts;
  /** Since the previous reading, of taps answered 200. */
  latency: Latency;
}

const NOTHING: Counts = { due: 0, sent: 0, answered: 0, refused: 0, failed: 0, retried: 0, missed: 0 };
const MAX_MICROSECONDS = 600_000_000;

/** Latencies in µs, exact to one per cent. */
const histogram = () => createHistogram({ lowest: 1, highest: MAX_MICROSECONDS, figures: 2 });
type Histogram = ReturnType<typeof histogram>;

const latencyOf = (values: Histogram): Latency =>
  values.count === 0
    ? { p50: 0, p99: 0, max: 0 }
    : { p50: values.percentile(50) / 1000, p99: values.percentile(99) / 1000, max: values.max / 1000 };

const combine = (a: Counts, b: Counts, sign: 1 | -1): Counts => ({
  due: a.due + sign * b.due,
  sent: a.sent + sign * b.sent,
  answered: a.answered + sign * b.answered,
  refused: a.refused + sign * b.refused,
  failed: a.failed + sign * b.failed,
  retried: a.retried + sign * b.retried,
  missed: a.missed + sign * b.missed,
});

export interface TapName {
  room: string;
  emoji: string;
}

/** Results of one client's taps. */
export class ClientStatistics {
  counts: Counts = { ...NOTHING };
  recent = histogram();
  readonly all = histogram();
  /** HTTP status or error code → taps */
  readonly errors = new Map<string, number>();
  /** Taps answered 200, room → emoji → taps. */
  readonly answered = new Map<string, Map<string, number>>();

  /** Counts a request answered 200. @param latencyMs time from when it was due */
  accept(taps: readonly TapName[], latencyMs: number): void {
    this.counts.answered += taps.length;
    for (const { room, emoji } of taps) {
      let emojis = this.answered.get(room);
      if (!emojis) this.answered.set(room, (emojis = new Map()));
      emojis.set(emoji, (emojis.get(emoji) ?? 0) + 1);
    }
    const microseconds = Math.min(Math.max(1, Math.round(latencyMs * 1000)), MAX_MICROSECONDS);
    this.recent.record(microseconds);
    this.all.record(microseconds);
  }

  /** Counts a request that was refused with a status or failed with an error. */
  reject(what: 'refused' | 'failed', taps: number, reason: string): void {
    this.counts[what] += taps;
    this.errors.set(reason, (this.errors.get(reason) ?? 0) + taps);
  }
}

/** Reads the statistics of all clients together, so that the rows of a table add up. */
export class Statistics {
  readonly clients: readonly ClientStatistics[];
  #before: Counts[];

  constructor(clients: readonly ClientStatistics[]) {
    this.clients = clients;
    this.#before = clients.map(() => NOTHING);
  }

  /** Values since the start and since the previous call. */
  read(): { all: Reading; clients: Reading[] } {
    const merged = histogram();
    const rows = this.clients.map((client, n) => {
      const total = { ...client.counts };
      const row = { total, delta: combine(total, this.#before[n] ?? NOTHING, -1), latency: latencyOf(client.recent) };
      if (client.recent.count > 0) merged.add(client.recent);
      client.recent.reset();
      return row;
    });
    this.#before = rows.map(({ total }) => total);
    const sum = (pick: (row: Reading) => Counts) =>
      rows.reduce((total, row) => combine(total, pick(row), 1), { ...NOTHING });
    return {
      all: { total: sum((row) => row.total), delta: sum((row) => row.delta), latency: latencyOf(merged) },
      clients: rows,
    };
  }

  /** Since the start. */
  latency(): Latency {
    const merged = histogram();
    for (const { all } of this.clients) if (all.count > 0) merged.add(all);
    return latencyOf(merged);
  }

  /** HTTP status or error code → taps */
  errors(): Map<string, number> {
    return this.clients.reduce((sums, { errors }) => addAll(sums, errors), new Map<string, number>());
  }

  /** Taps answered 200: room → emoji → taps. */
  answered(): Map<string, Map<string, number>> {
    const rooms = new Map<string, Map<string, number>>();
    for (const { answered } of this.clients)
      for (const [room, emojis] of answered) rooms.set(room, addAll(rooms.get(room) ?? new Map(), emojis));
    return rooms;
  }
}

const addAll = (sums: Map<string, number>, values: ReadonlyMap<string, number>): Map<string, number> => {
  for (const [key, value] of values) sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
};
