import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import type { StreamRecord } from '../../lib/domain/stream.ts';

export interface TapStreamOptions {
  rooms: number;
  /** Taps per second of event time. */
  taps: number;
  partitions: number;
  /** Whether each tap has an `event_id`. */
  identified: boolean;
  /** ms since the epoch */
  begin: number;
}

const EMOJIS = ['🔥', '❤️', '👏', '😂', '🎉'];
/** Number of users of whom each sends the same share of the taps. */
const USERS = 5000;
const SECOND = 1000;

/**
 * The records of `emoji_topic`, one batch per second of event time. Each room gets the same number of taps, of each of
 * five emojis in turn, through every partition.
 */
export class TapStream {
  readonly #options: TapStreamOptions;
  readonly #next: number[];
  #second = 0;
  #tap = 0;

  constructor(options: TapStreamOptions) {
    this.#options = options;
    this.#next = Array.from({ length: options.partitions }, () => 0);
  }

  /** The time at which all taps of the batches so far have been received. */
  get now(): number {
    return this.#options.begin + this.#second * SECOND;
  }

  /** The offset after the last record, for each partition. */
  get ends(): Map<string, number> {
    return new Map(this.#next.map((offset, partition) => [`${REACTION_TOPIC}-${partition}`, offset]));
  }

  nextBatch(): StreamRecord[] {
    const { taps, partitions, rooms } = this.#options;
    const batch: StreamRecord[] = [];
    for (let n = 0; n < taps; n++) {
      // A room's taps go to each partition in turn.
      const partition = (this.#tap + Math.floor(this.#tap / rooms)) % partitions;
      batch.push(this.#record(partition, this.now + Math.floor((n * SECOND) / taps)));
    }
    this.#second++;
    return batch;
  }

  #record(partition: number, time: number): StreamRecord {
    const { rooms, identified } = this.#options;
    const n = this.#tap++;
    const at = new Date(time).toISOString();
    const value = {
      user_id: `user-${n % USERS}`,
      emoji_type: EMOJIS[Math.floor(n / rooms) % EMOJIS.length],
      timestamp: at,
      room_id: `room-${n % rooms}`,
      ...(identified ? { event_id: `event-${n}` } : {}),
      count: 1,
      received_at: at,
    };
    const offset = this.#next[partition] ?? 0;
    this.#next[partition] = offset + 1;
    return {
      ...{ topic: REACTION_TOPIC, partition, offset, timestamp: time, isAppendTime: true },
      value: Buffer.from(JSON.stringify(value)),
    };
  }
}
