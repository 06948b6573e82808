import { mergeFrames, type Frame } from '../../domain/frame.ts';
import { toLines } from '../../domain/update-line.ts';

/** The counts that a client has not taken yet are kept up to this many; the oldest windows give way. */
const MAX_COUNTS = 2000;

/** A frame as newline-delimited JSON, a line for each window and emoji. */
export const encodeFrame = (frame: Frame): string =>
  toLines(frame)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

const sizeOf = (windows: Frame['windows']) => windows.reduce((sum, { counts }) => sum + Object.keys(counts).length, 0);

/** What a client has still to be sent: one frame a room, merged. Bounded. */
export class Backlog {
  readonly #frames = new Map<string, Frame>();

  get isEmpty(): boolean {
    return this.#frames.size === 0;
  }

  add(frame: Frame): void {
    const known = this.#frames.get(frame.room_id);
    const merged = known ? mergeFrames(known, frame) : { ...frame };
    // Ordered by their start, so the oldest come first.
    let surplus = sizeOf(merged.windows) - MAX_COUNTS;
    while (surplus > 0 && merged.windows.length > 1) {
      const [oldest, ...rest] = merged.windows;
      surplus -= Object.keys(oldest?.counts ?? {}).length;
      merged.windows = rest;
    }
    this.#frames.set(frame.room_id, merged);
  }

  /** The frame of the room that has waited longest, or undefined when there is none; it is no longer in the backlog. */
  take(): Frame | undefined {
    const [frame] = this.#frames.values();
    if (frame) this.#frames.delete(frame.room_id);
    return frame;
  }
}
