import type { Message } from 'kafkajs';

/** One `append` call. It ends when the last of its records is acknowledged, or with the first failure. */
export interface AppendCall {
  /** Number of records without an acknowledgement. */
  pending: number;
  ended: boolean;
  done(): void;
  fail(cause: unknown): void;
}

interface Entry {
  message: Message;
  call: AppendCall;
}

/** kafkajs groups a request's messages in quadratic time; above 1,000 a larger request is no faster. */
const MAX_RECORDS = 1000;
/** At three UTF-8 bytes a UTF-16 unit this stays below Kafka's default of 1 MiB for a request. */
const MAX_UNITS = 300_000;
/** A shorter queue is not searched for calls that have timed out. */
const SWEEP_FROM = 10_000;

/**
 * The send queue of one topic partition. One request is in flight; records that are pushed meanwhile go into the next,
 * so that load makes requests larger instead of more numerous. kafkajs's idempotence also needs a single request in
 * flight: it reuses the sequence number of a failed request, which a second request could have been given already.
 */
export class PartitionQueue {
  #queue: Entry[] = [];
  #sending = false;
  #sweepAt = SWEEP_FROM;
  readonly #send: (messages: Message[]) => Promise<void>;

  /** @param send resolves once the messages are acknowledged, in the order given. */
  constructor(send: (messages: Message[]) => Promise<void>) {
    this.#send = send;
  }

  push(message: Message, call: AppendCall): void {
    if (this.#queue.length >= this.#sweepAt) this.#sweep();
    this.#queue.push({ message, call });
    if (!this.#sending) {
      this.#sending = true;
      // Records pushed in the same tick share a request.
      queueMicrotask(() => void this.#drain());
    }
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const entries = this.#take();
      if (entries.length === 0) continue;
      try {
        await this.#send(entries.map(({ message }) => message));
        for (const { call } of entries) if (--call.pending === 0) call.done();
      } catch (error) {
        for (const { call } of entries) call.fail(error);
      }
    }
    this.#sending = false;
  }

  /** Removes records of failed calls: in an outage nothing is taken from the queue, which must not fill the memory. */
  #sweep(): void {
    this.#queue = this.#queue.filter(({ call }) => !call.ended);
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
    // Records of calls that have failed meanwhile are not sent.
    return this.#queue.splice(0, end).filter(({ call }) => !call.ended);
  }
}
