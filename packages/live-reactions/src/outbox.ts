import { backoff, timer } from './backoff.ts';
import { NO_ANSWER, type Answer } from './http.ts';
import { randomId } from './ids.ts';
import type { Dropped, TapEvent } from './types.ts';

const MERGE_MS = 250;
/** Taps in one message. The server's default limit for a user is 40 taps at once, and 20 a second. */
const MAX_TAPS = 20;
const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

interface Entry {
  event: TapEvent;
  /** When it was first tapped (ms). */
  began: number;
}

interface Options {
  keepMs: number;
  user(): Promise<string>;
  /** Never rejects; status 0 is no answer. @param isLast the page may end before the answer */
  send(events: readonly TapEvent[], isLast: boolean): Promise<Answer>;
  /** Taps got their answer, or were given up. */
  onSettled(event: TapEvent, dropped: Dropped | undefined): void;
  /** Because of this answer, taps wait for another attempt. */
  onRetry(answer: Answer): void;
}

export interface Outbox {
  readonly pending: number;
  tap(room: string, emoji: string): void;
  /** Sends now what waits for its next attempt. */
  retryNow(): void;
  /** Sends everything without an answer a last time. */
  end(): void;
}

const sum = (entries: readonly Entry[]) => entries.reduce((all, { event }) => all + event.count, 0);
/** What another attempt may change: no answer, too many taps, a server in trouble. */
const isRetriable = (status: number) => status === 0 || status === 429 || status >= 500;

/** Taps on their way to the server: merged, then sent in order until they are answered or too old. */
export const createOutbox = ({ keepMs, user, send, onSettled, onRetry }: Options): Outbox => {
  const session = randomId();
  const merging = timer();
  const wake = timer();
  let lastId = 0;
  let failures = 0;
  let collecting: Entry[] = [];
  let queue: Entry[] = [];
  let isSending = false;
  let isOneByOne = false;

  const settle = (entries: readonly Entry[], dropped?: Pick<Dropped, 'status' | 'message'>) => {
    queue = queue.filter((entry) => !entries.includes(entry));
    for (const { event } of entries)
      onSettled(event, dropped && { emoji: event.emoji_type, count: event.count, ...dropped });
  };
  const dropOld = () =>
    settle(
      queue.filter(({ began }) => Date.now() - began >= keepMs),
      { status: undefined, message: undefined },
    );
  const nextBatch = () => {
    const batch = queue.slice(0, 1);
    while (!isOneByOne && batch.length < queue.length) {
      const more = queue[batch.length];
      if (!more || sum(batch) + more.event.count > MAX_TAPS) break;
      batch.push(more);
    }
    return batch;
  };

  const handle = (batch: readonly Entry[], answer: Answer) => {
    const { status, error, retryAfterMs = 0 } = answer;
    if (status >= 200 && status < 300) {
      failures = 0;
      isOneByOne &&= queue.length > batch.length;
      settle(batch);
    } else if (isRetriable(status)) {
      wake.set(Math.min(retryAfterMs, keepMs) + backoff(failures++, RETRY_MS, MAX_RETRY_MS), pump);
      return onRetry(answer);
    } else if (batch.length > 1) {
      isOneByOne = true; // a request is rejected as a whole, so that one tap would take the others with it
    } else {
      settle(batch, { status, message: error });
    }
    pump();
  };

  const pump = () => {
    dropOld();
    if (isSending || queue.length === 0) return;
    isSending = true;
    wake.clear();
    const batch = nextBatch();
    void attempt(batch).then((answer) => {
      isSending = false;
      handle(batch, answer);
    });
  };
  const attempt = async (batch: readonly Entry[], isLast = false): Promise<Answer> => {
    try {
      for (const { event } of batch) event.user_id ||= await user();
      return await send(
        batch.map(({ event }) => event),
        isLast,
      );
    } catch {
      return NO_ANSWER; // there is no token
    }
  };

  const collect = () => {
    merging.clear();
    queue.push(...collecting);
    collecting = [];
  };
  const flush = () => {
    collect();
    if (failures === 0) pump();
  };

  return {
    get pending() {
      return sum(collecting) + sum(queue);
    },
    tap(room, emoji) {
      if (collecting.length === 0) merging.set(MERGE_MS, flush);
      const same = collecting.find(({ event }) => event.room_id === room && event.emoji_type === emoji);
      if (same) same.event.count++;
      else
        collecting.push({
          began: Date.now(),
          event: {
            user_id: '',
            room_id: room,
            emoji_type: emoji,
            // Without a zone, the server takes the time of arrival instead: a user's clock may be wrong, and taps that
            // were kept for a while would be late.
            timestamp: new Date().toISOString().slice(0, -1),
            event_id: `${session}-${++lastId}`,
            count: 1,
          },
        });
      if (sum(collecting) >= MAX_TAPS) flush();
    },
    retryNow() {
      failures = 0;
      pump();
    },
    end() {
      wake.clear();
      collect();
      while (queue.length > 0) void attempt(queue.splice(0, nextBatch().length), true);
    },
  };
};
