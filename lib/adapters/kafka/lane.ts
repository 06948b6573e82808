import type { Message } from 'kafkajs';

/** The records of one `append` call, wherever they went: settled when the last of them is. */
export interface Ticket {
  pending: number;
  settled: boolean;
  done(): void;
  fail(cause: unknown): void;
}

interface Entry {
  message: Message;
  ticket: Ticket;
}

/** kafkajs groups a request's messages in quadratic time; 1,000 is where a larger request stops paying. */
const MAX_RECORDS = 1000;
/** At three UTF-8 bytes a UTF-16 unit this stays below Kafka's default of 1 MiB for a request. */
const MAX_UNITS = 300_000;
/** A queue shorter than this is not looked through for what has timed out. */
const SWEEP_FROM = 10_000;

/**
 * One topic partition's queue. It has one request in flight and gathers what comes meanwhile into the next, so that
 * load makes requests larger instead of more. One in flight is also what keeps kafkajs's idempotence sound: it takes
 * a sequence number back when a request fails, so a second request could be given the number of the first.
 */
export class Lane {
  #queue: Entry[] = [];
  #sending = false;
  #sweepAt = SWEEP_FROM;
  readonly #send: (messages: Message[]) => Promise<void>;

  /** @param send resolves once the messages are acknowledged, in the order given. */
  constructor(send: (messages: Message[]) => Promise<void>) {
    this.#send = send;
  }

  push(message: Message, ticket: Ticket): void {
    if (this.#queue.length >= this.#sweepAt) this.#sweep();
    this.#queue.push({ message, ticket });
    if (!this.#sending) {
      this.#sending = true;
      // The requests of one tick share a send.
      queueMicrotask(() => void this.#drain());
    }
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const entries = this.#take();
      if (entries.length === 0) continue;
      try {
        await this.#send(entries.map(({ message }) => message));
        for (const { ticket } of entries) if (--ticket.pending === 0) ticket.done();
      } catch (error) {
        for (const { ticket } of entries) ticket.fail(error);
      }
    }
    this.#sending = false;
  }

  /** In an outage nothing is taken for long: what was answered with an error meanwhile must not fill the memory. */
  #sweep(): void {
    this.#queue = this.#queue.filter(({ ticket }) => !ticket.settled);
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#queue.length);
  }

  #take(): Entry[] {
    let units = 0;
    let end = 0;
    while (end < this.#queue.length && end < MAX_RECORDS) {
      units += this.#queue[end]?.message.value?.length ?? 0;
      if (units > MAX_UNITS && end > 0) break;
      end++;
    }
    // What has timed out while it waited was answered with an error: it is not sent any more.
    return this.#queue.splice(0, end).filter(({ ticket }) => !ticket.settled);
  }
}
