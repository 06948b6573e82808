import { setTimeout as sleep } from 'node:timers/promises';
import { limitFunction } from 'p-limit';
import type { Frame } from '../../domain/frame.ts';
import type { ClientOf } from '../../domain/registration.ts';
import type { Logger } from '../../log.ts';
import type { Transport } from '../../ports.ts';
import { Backlog } from '../backlog.ts';
import { fullJitterMs } from '../backoff.ts';
import { atMost } from '../in-time.ts';
import type { Post } from './post.ts';

interface Options {
  post: Post;
  /** Maximum number of posts under way. */
  concurrency: number;
  /** Called when a connection is closed. */
  onGone: (connection: string) => void;
  log: Logger;
  /** How long (ms) `send` waits; what is not sent by then is sent afterwards. */
  waitMs: number;
  /** Upper limit (ms) of the delay before the first retry; doubles with each further one. */
  retryMs?: number;
}

/** A frame is given up after this many attempts; the room's next frame makes up for it. */
const MAX_ATTEMPTS = 6;
const RETRY_MS = 100;
const MAX_RETRY_MS = 2000;
const LOG_EVERY_MS = 1000;

const encode = (frame: Frame): Uint8Array => Buffer.from(JSON.stringify(frame));

/** A connection with frames to be sent. Frames that come meanwhile are merged, so the newest counts are sent next. */
interface Outbox {
  backlog: Backlog;
  done: Promise<void>;
}

/** Sends frames to WebSocket connections: one message per frame, which is encoded once for all connections. */
export class SocketDelivery implements Transport<'websocket'> {
  readonly #options: Options;
  /** Calls the function when fewer posts than the limit are under way. */
  readonly #limit: (work: () => ReturnType<Post>) => ReturnType<Post>;
  readonly #outboxes = new Map<string, Outbox>();
  #lost = 0;
  #loggedAt = -Infinity;

  constructor(options: Options) {
    this.#options = options;
    this.#limit = limitFunction((work: () => ReturnType<Post>) => work(), { concurrency: options.concurrency });
  }

  async send(clients: readonly ClientOf<'websocket'>[], frame: Frame): Promise<void> {
    const data = encode(frame);
    const sent = Promise.all(clients.map(({ id }) => this.#offer(id, frame, data)));
    await atMost(sent, this.#options.waitMs);
  }

  #offer(connection: string, frame: Frame, data: Uint8Array): Promise<void> {
    const known = this.#outboxes.get(connection);
    if (known) {
      known.backlog.add(frame);
      return known.done;
    }
    const outbox = { backlog: new Backlog(), done: Promise.resolve() };
    this.#outboxes.set(connection, outbox);
    outbox.done = this.#drain(connection, outbox.backlog, frame, data);
    return outbox.done;
  }

  async #drain(connection: string, backlog: Backlog, frame: Frame, data: Uint8Array): Promise<void> {
    let next: { frame: Frame; data: Uint8Array } | undefined = { frame, data };
    while (next) {
      const isThere = await this.#sendOne(connection, backlog, next);
      const waiting = isThere ? backlog.take() : undefined;
      next = waiting && { frame: waiting, data: encode(waiting) };
    }
    // In the same step as the last look at the backlog, so that no frame is added to an outbox that has ended.
    this.#outboxes.delete(connection);
  }

  /** Returns false when the connection is gone. */
  async #sendOne(connection: string, backlog: Backlog, first: { frame: Frame; data: Uint8Array }): Promise<boolean> {
    const { post, onGone, retryMs = RETRY_MS } = this.#options;
    let { frame, data } = first;
    for (let attempt = 0; ; attempt++) {
      const { outcome, error } = await this.#limit(() => {
        // Newer frames may have come while this one waited.
        if (!backlog.isEmpty) {
          backlog.add(frame);
          frame = backlog.take() ?? frame;
          data = encode(frame);
        }
        return post(connection, data);
      });
      if (outcome === 'sent') return true;
      if (outcome === 'gone') {
        onGone(connection);
        return false;
      }
      if (outcome === 'refused' || attempt + 1 >= MAX_ATTEMPTS) {
        this.#report(error);
        return true;
      }
      await sleep(fullJitterMs(attempt + 1, { firstMs: retryMs, longestMs: MAX_RETRY_MS }));
    }
  }

  /** One line a second, because all connections may fail at once. */
  #report(error: unknown): void {
    this.#lost++;
    if (performance.now() - this.#loggedAt < LOG_EVERY_MS) return;
    this.#options.log.error('frames were not delivered over WebSocket', { frames: this.#lost, error });
    this.#lost = 0;
    this.#loggedAt = performance.now();
  }
}
