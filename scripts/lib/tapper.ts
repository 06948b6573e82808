import { randomUUID } from 'node:crypto';
import { networkReason } from './cli.ts';
import { emojiPicker, type EmojiWeights } from './emoji-weights.ts';
import { openLoop, type OpenLoop } from './open-loop.ts';
import { createPoster } from './poster.ts';
import { Schedule } from './schedule.ts';
import { ClientStatistics } from './statistics.ts';

export interface TapperOptions {
  url: URL;
  /** Of every request, beside what it needs itself. */
  headers: Record<string, string>;
  /** Taps a second of each client. */
  rate: number;
  /** Taps in one request. */
  batch: number;
  /** People behind each client; they tap in turn. */
  users: number;
  rooms: readonly string[];
  weights: EmojiWeights;
  maxInFlight: number;
  seconds: number | undefined;
}

export interface Tapper {
  statistics: ClientStatistics;
  /** Brings `statistics.counts.due` up to this moment. */
  refresh(): void;
  readonly inFlight: number;
  finish(): Promise<void>;
}

/** ingest gives up after 5 s and API Gateway after 30: what is silent for longer than ours has lost the request. */
const TIMEOUT_MS = 15_000;

/** One simulated client. @param name is part of its users' ids. @param phase 0 to 1, see Schedule. */
export function startTapper(name: string, phase: number, options: TapperOptions): Tapper {
  const { url, headers, rate, batch, users, rooms, weights, maxInFlight, seconds } = options;
  const statistics = new ClientStatistics();
  const { counts } = statistics;
  const poster = createPoster(url, { connections: maxInFlight, timeoutMs: TIMEOUT_MS, headers });
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

  async function send(dueAt: number): Promise<void> {
    const events = Array.from({ length: batch }, tap);
    counts.sent += batch;
    try {
      const status = await poster.post(JSON.stringify(batch === 1 ? events[0] : { events }));
      // From when it was due: what waits here for a free connection waits because of the server.
      const latency = performance.now() - dueAt;
      const names = events.map(({ room_id, emoji_type }) => ({ room: room_id, emoji: emoji_type }));
      if (status === 200) statistics.accept(names, latency);
      else statistics.reject('refused', batch, String(status));
    } catch (error) {
      statistics.reject('failed', batch, networkReason(error));
    }
  }

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
      await loop.finish();
      refresh();
      poster.close();
    },
  };
}
