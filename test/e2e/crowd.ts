import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from './viewer.ts';

export const EMOJIS = ['🔥', '❤️', '😂', '👏', '🎉'] as const;

/** A tap and its answer. */
export interface SentTap {
  /** Unique, so that it identifies the tap. */
  user_id: string;
  event_id: string | undefined;
  room: string;
  emoji: string;
  timestamp: string;
  /** undefined before the answer; 0 when the connection ended without one. */
  status: number | undefined;
  latencyMs: number;
}

export interface Crowd {
  taps: readonly SentTap[];
  /** Sends an additional tap, on request to another host. */
  tap(room: string, emoji?: string, host?: string): Promise<SentTap>;
  /** Resolves when all taps are answered. */
  stop(): Promise<readonly SentTap[]>;
}

/** Timeout (ms) of a request, longer than that of ingest. */
const PATIENCE_MS = 60_000;

const toBody = ({ user_id, event_id, room, emoji, timestamp }: SentTap) => ({
  user_id,
  emoji_type: emoji,
  timestamp,
  room_id: room,
  event_id,
});

const statusOf = (url: string, body: unknown): Promise<number> =>
  post(`${url}/emoji`, body, AbortSignal.timeout(PATIENCE_MS)).then(
    async (answer) => {
      await answer.arrayBuffer().catch(() => undefined);
      return answer.status;
    },
    () => 0,
  );

const BATCH = 100;

/** Sends taps again, unchanged, until they are answered 200 or the attempts are used up. */
export async function sendAgain(url: string, taps: readonly SentTap[], attempts = 5): Promise<void> {
  for (let from = 0; from < taps.length; from += BATCH) {
    const batch = taps.slice(from, from + BATCH);
    let status = 0;
    for (let n = 0; n < attempts && status !== 200; n++) status = await statusOf(url, { events: batch.map(toBody) });
    for (const tap of batch) tap.status = status;
  }
}

/** Sends copies of the newest taps that have an `event_id` and were answered 200. */
export const sendCopies = (url: string, taps: readonly SentTap[], copies: number): Promise<void> =>
  sendAgain(url, taps.filter(({ event_id, status }) => event_id !== undefined && status === 200).slice(-copies));

interface CrowdOptions {
  perSecond: number;
  rooms: readonly string[];
  /** Rooms whose taps carry no `event_id`. */
  withoutIds?: readonly string[];
  /**
   * Whether timestamps have a zone, so that taps can be late. Without one a tap counts when it is received, which a
   * machine that stood still for some seconds does not change.
   */
  zoned?: boolean;
}

/** Sends taps at a steady rate, independent of the answers, spread over rooms and emojis, until it is stopped. */
export function startCrowd(url: string, { perSecond, rooms, withoutIds = [], zoned = false }: CrowdOptions): Crowd {
  const taps: SentTap[] = [];
  const sending: Promise<SentTap>[] = [];
  const send = async (room: string, emoji: string, host: string): Promise<SentTap> => {
    const user_id = `u${taps.length}`;
    const event_id = withoutIds.includes(room) ? undefined : randomUUID();
    const now = new Date().toISOString();
    const timestamp = zoned ? now : now.replace('Z', '');
    const tap: SentTap = { user_id, event_id, room, emoji, timestamp, status: undefined, latencyMs: 0 };
    taps.push(tap);
    const began = performance.now();
    tap.status = await statusOf(host, toBody(tap));
    tap.latencyMs = performance.now() - began;
    return tap;
  };
  const tap = (room: string, emoji: string = EMOJIS[0], host = url) => {
    const sent = send(room, emoji, host);
    sending.push(sent);
    return sent;
  };
  const began = performance.now();
  let steady = 0;
  let going = true;
  const run = (async () => {
    while (going) {
      const due = ((performance.now() - began) / 1000) * perSecond;
      for (; steady < due; steady++)
        void tap(rooms[steady % rooms.length] ?? 'global', EMOJIS[Math.floor(steady / rooms.length) % EMOJIS.length]);
      await sleep(5);
    }
  })();
  return {
    taps,
    tap,
    stop: async () => {
      going = false;
      await run;
      await Promise.all(sending);
      return taps;
    },
  };
}

/** The results of taps by `room emoji`: those answered 200, and those whose result is unknown. */
export interface Taps {
  answered: Map<string, number>;
  /** Answered with an error or not at all: they may or may not be counted. */
  unknown: Map<string, number>;
  latenciesMs: number[];
}

export const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

export function summarize(sent: readonly SentTap[]): Taps {
  const taps: Taps = { answered: new Map(), unknown: new Map(), latenciesMs: [] };
  for (const { room, emoji, status, latencyMs } of sent) {
    const outcome = status === 200 ? taps.answered : taps.unknown;
    const key = `${room} ${emoji}`;
    outcome.set(key, (outcome.get(key) ?? 0) + 1);
    taps.latenciesMs.push(latencyMs);
  }
  return taps;
}

/** Without an answer, shed, or the function's time was over. */
const NOT_IN_TIME = new Set<number | undefined>([0, 503, 504]);

/**
 * Sends taps for this time (ms). Resolves when all are answered.
 * @param again whether taps that a busy machine did not take in time are sent again afterwards, as clients do
 */
export async function tapFor(
  url: string,
  { ms, perSecond, rooms, again = false }: { ms: number; perSecond: number; rooms: readonly string[]; again?: boolean },
): Promise<Taps> {
  const crowd = startCrowd(url, { perSecond, rooms });
  await sleep(ms);
  const sent = await crowd.stop();
  if (again)
    await sendAgain(
      url,
      sent.filter(({ status }) => NOT_IN_TIME.has(status)),
    );
  return summarize(sent);
}
