import { createHistogram } from 'node:perf_hooks';

/**
 * Taps, each once in `sent` and in one of `answered`, `refused` and `failed`, however often it was sent: `retried` tells
 * how often taps were sent again. `refused` were answered with another status than 200, `failed` not at all, `missed` could not be sent in time.
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

/** A row of the table: since the start, and since the last look. */
export interface Reading {
  total: Counts;
  delta: Counts;
  /** Since the last look; of taps that were answered 200. */
  latency: Latency;
}

const NOTHING: Counts = { due: 0, sent: 0, answered: 0, refused: 0, failed: 0, retried: 0, missed: 0 };
const MAX_MICROSECONDS = 600_000_000;

/** Latencies in µs, exact to one per cent. */
const histogram = () => createHistogram({ lowest: 1, highest: MAX_MICROSECONDS, figures: 2 });
type Histogram = ReturnType<typeof histogram>;

const read = (values: Histogram): Latency =>
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

/** What became of one client's taps. */
export class ClientStatistics {
  counts: Counts = { ...NOTHING };
  recent = histogram();
  readonly all = histogram();
  /** HTTP status, or what went wrong → taps */
  readonly errors = new Map<string, number>();
  /** Taps answered 200, room → emoji → taps. */
  readonly answered = new Map<string, Map<string, number>>();

  /** One request was answered 200, so long after it was due. */
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

  /** One request was not: refused with a status, or failed for a reason. */
  reject(what: 'refused' | 'failed', taps: number, reason: string): void {
    this.counts[what] += taps;
    this.errors.set(reason, (this.errors.get(reason) ?? 0) + taps);
  }
}

/** Reads all clients' statistics at once, so that the rows of a table add up to its last one. */
export class Statistics {
  readonly clients: readonly ClientStatistics[];
  #before: Counts[];

  constructor(clients: readonly ClientStatistics[]) {
    this.clients = clients;
    this.#before = clients.map(() => NOTHING);
  }

  /** What happened since the last look. */
  look(): { all: Reading; clients: Reading[] } {
    const merged = histogram();
    const rows = this.clients.map((client, n) => {
      const total = { ...client.counts };
      const row = { total, delta: combine(total, this.#before[n] ?? NOTHING, -1), latency: read(client.recent) };
      if (client.recent.count > 0) merged.add(client.recent);
      client.recent.reset();
      return row;
    });
    this.#before = rows.map(({ total }) => total);
    const sum = (pick: (row: Reading) => Counts) =>
      rows.reduce((total, row) => combine(total, pick(row), 1), { ...NOTHING });
    return {
      all: { total: sum((row) => row.total), delta: sum((row) => row.delta), latency: read(merged) },
      clients: rows,
    };
  }

  /** Since the start. */
  latency(): Latency {
    const merged = histogram();
    for (const { all } of this.clients) if (all.count > 0) merged.add(all);
    return read(merged);
  }

  /** HTTP status, or what went wrong → taps */
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
