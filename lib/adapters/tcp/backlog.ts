import { merge, type Frame, type Update } from '../../domain/update.ts';

/** The counts that a client has not taken yet are kept up to this many; the oldest windows give way. */
const MAX_COUNTS = 2000;

/** A frame as newline-delimited JSON, a line an emoji. */
export const encodeFrame = ({ windowMs, updates }: Frame): string =>
  updates.map((update) => `${JSON.stringify({ ...update, window_ms: windowMs })}\n`).join('');

/** What a client has still to be told: one count per room, window and emoji, the newest. Bounded. */
export class Backlog {
  readonly #counts = new Map<string, Update>();
  #windowMs = 0;

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add({ windowMs, updates }: Frame): void {
    this.#windowMs = windowMs;
    for (const update of updates) {
      const key = `${update.room_id} ${update.start} ${update.emoji_type}`;
      const known = this.#counts.get(key);
      this.#counts.set(key, known ? merge(known, update) : update);
    }
    for (const key of this.#counts.keys()) {
      if (this.#counts.size <= MAX_COUNTS) break;
      this.#counts.delete(key);
    }
  }

  /** Everything in one frame, or undefined when there is nothing; the backlog is empty afterwards. */
  take(): Frame | undefined {
    if (this.#counts.size === 0) return undefined;
    const updates = [...this.#counts.values()];
    this.#counts.clear();
    return { windowMs: this.#windowMs, updates };
  }
}
