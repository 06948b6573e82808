import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitterMs, retryAfterMs } from '../../lib/adapters/backoff.ts';
import { networkReason } from './cli.ts';
import { emojiPicker, type EmojiWeights } from './emoji-weights.ts';
import { openLoop, type OpenLoop } from './open-loop.ts';
import { createPoster } from './poster.ts';
import { Schedule } from './schedule.ts';
import { ClientStatistics } from './statistics.ts';

export interface TapperOptions {
  url: URL;
  /** Additional headers of every request. */
  headers: Record<string, string>;
  /** Taps a second of each client. */
  rate: number;
  /** Taps in one request. */
  batch: number;
  /** Number of users of each client, who tap in turn. */
  users: number;
  rooms: readonly string[];
  weights: EmojiWeights;
  maxInFlight: number;
  seconds: number | undefined;
  /** Maximum number of retries of a request. */
  retries: number;
}

export interface Tapper {
  statistics: ClientStatistics;
  /** Updates `statistics.counts.due`. */
  refresh(): void;
  readonly inFlight: number;
  finish(): Promise<void>;
}

/** Timeout (ms) of a request; ingest answers within 5 s. */
const TIMEOUT_MS = 15_000;
/** Statuses that are retried; so is a request without an answer. */
const RETRIED: ReadonlySet<number> = new Set([429, 503]);
const BACKOFF = { firstMs: 100, longestMs: 10_000 };
const LONGEST_RETRY_AFTER_MS = 30_000;
/** How long (ms) requests may still be retried after the end. */
const PATIENCE_MS = 10_000;

/** Starts a simulated client. @param name is part of its users' ids @param phase 0 to 1, see `Schedule` */
export function startTapper(name: string, phase: number, options: TapperOptions): Tapper {
  const { url, headers, rate, batch, users, rooms, weights, maxInFlight, seconds, retries } = options;
  const statistics = new ClientStatistics();
  const { counts } = statistics;
  const poster = createPoster(url, { connections: maxInFlight, timeoutMs: TIMEOUT_MS, headers });
  const outOfTime = new AbortController();
  setMaxListeners(0, outOfTime.signal); // one for each waiting request
  const pickEmoji = emojiPicker(weights);
  let taps = 0;

  function tap() {
    const room = rooms[taps % rooms.length] ?? '';
    const user = `${name}-${taps++ % users}`;
    return {
      user_id: user,
      emoji_type: pickEmoji(),
      timestamp: new Date().toISOString(),
      room_id: room,
      event_id: randomUUID(),
    };
  }

  /** Result of one attempt, and the wait that the platform asked for. */
  async function attempt(body: string): Promise<{ status?: number; reason: string; waitMs: number }> {
    try {
      const { status, retryAfter } = await poster.post(body);
      return { status, reason: String(status), waitMs: Math.min(retryAfterMs(retryAfter), LONGEST_RETRY_AFTER_MS) };
    } catch (error) {
      return { reason: networkReason(error), waitMs: 0 };
    }
  }

  async function send(dueAt: number): Promise<void> {
    const events = Array.from({ length: batch }, tap);
    const body = JSON.stringify(batch === 1 ? events[0] : { events });
    counts.sent += batch;
    for (let failures = 1; ; failures++) {
      const { status, reason, waitMs } = await attempt(body);
      if (status === 200) {
        const names = events.map(({ room_id, emoji_type }) => ({ room: room_id, emoji: emoji_type }));
        // Measured from when it was due, because waits for a free connection or a retry are caused by the server.
        return statistics.accept(names, performance.now() - dueAt);
      }
      const again = (status === undefined || RETRIED.has(status)) && failures <= retries;
      if (!again) return statistics.reject(status === undefined ? 'failed' : 'refused', batch, reason);
      // A random time is added to the requested wait, so that not all clients retry together.
      if (!(await pause(waitMs + fullJitterMs(failures, BACKOFF)))) return statistics.reject('failed', batch, reason);
      counts.retried += batch;
    }
  }

  /** False when the time for retries is over. */
  const pause = (ms: number) =>
    sleep(ms, undefined, { signal: outOfTime.signal }).then(
      () => true,
      () => false,
    );

  const endMs = seconds === undefined ? Infinity : seconds * 1000;
  const loop: OpenLoop = openLoop({
    schedule: new Schedule({ perSecond: rate / batch, phase, endMs }),
    maxInFlight,
    send,
    onSkipped: (requests) => (counts.missed += requests * batch),
  });
  const refresh = () => void (counts.due = loop.due() * batch);
  return {
    statistics,
    refresh,
    get inFlight() {
      return loop.inFlight;
    },
    async finish() {
      const timer = setTimeout(() => outOfTime.abort(), PATIENCE_MS);
      await loop.finish();
      clearTimeout(timer);
      refresh();
      poster.close();
    },
  };
}
